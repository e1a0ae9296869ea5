// What Google's csp_evaluator thinks of policies. Prints JSON: of each, its findings of
// medium severity and above.
//
//   node csp.mjs POLICY…

import { load } from "./browser.mjs";

const { CspEvaluator } = load("csp_evaluator/dist/evaluator.js");
const { CspParser } = load("csp_evaluator/dist/parser.js");
const { Severity } = load("csp_evaluator/dist/finding.js");

const grave = [Severity.HIGH, Severity.SYNTAX, Severity.MEDIUM];
const judged = process.argv.slice(2).map((policy) => {
  const findings = new CspEvaluator(new CspParser(policy).csp).evaluate();
  return findings
    .filter((found) => grave.includes(found.severity))
    .map((found) => `${found.directive}: ${found.description}`);
});
console.log(JSON.stringify(judged));
