// Judges HTML files by html-validate's recommended rules.
//
//   node html.mjs FILE…
//
// Exit code: 0 no error, 1 some (each printed), 2 a part is missing.

import { load } from "./browser.mjs";

const { HtmlValidate, StaticConfigLoader } = load("html-validate");
const loader = new StaticConfigLoader({
  extends: ["html-validate:recommended"],
  rules: {
    // Taste rather than rules of HTML: how a document is written, not what it says.
    "no-trailing-whitespace": "off",
    "long-title": "off",
    // Boxes of one name are how a form sends a list.
    "form-dup-name": ["error", { shared: ["radio", "button", "reset", "submit", "checkbox"] }],
    // Own templates write void elements without a slash, as the standard does.
    "void-style": ["error", { style: "omit" }],
  },
});
const judge = new HtmlValidate(loader);
let errors = 0;
const files = process.argv.slice(2);
for (const file of files) {
  const report = await judge.validateFile(file);
  for (const { messages } of report.results) {
    for (const message of messages) {
      errors += 1;
      console.log(`${file}:${message.line}:${message.column} ${message.ruleId}: ${message.message}`);
    }
  }
}
console.log(`html-validate: ${files.length} files, ${errors} errors`);
process.exit(errors === 0 && files.length > 0 ? 0 : 1);
