// Opens a page in Chromium. Prints JSON: which of its scripts have run, by the attributes
// `data-…` that they set on the root, and what the console said of the policy.
//
//   node csp_page.mjs HOST PATH TLS_ADDRESS SPKI_HEX

import { open } from "./browser.mjs";

const [host, path, tls, spki] = process.argv.slice(2);
const rules = [`MAP ${host}:443 ${tls}`, "MAP * ~NOTFOUND"];
const browser = await open({ rules, spki: Buffer.from(spki, "hex").toString("base64") });
try {
  const page = await browser.context.newPage();
  const stopped = [];
  page.on("console", (message) => {
    if (message.text().includes("Content Security Policy")) stopped.push(message.text());
  });
  await page.goto(`https://${host}${path}`);
  const ran = await page.evaluate(() => Object.keys(document.documentElement.dataset).sort());
  console.log(JSON.stringify({ ran, stopped: stopped.length }));
} finally {
  await browser.close();
}
