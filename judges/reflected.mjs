// Opens pages that echo what they are asked, with payloads that call `alert`, in Chromium.
// Prints JSON: for each payload its page, whether it ran, and whether the page's own script
// did.
//
//   node reflected.mjs HOST TLS_ADDRESS PREFIX
//
// PREFIX stands before the pages' paths.

import { open } from "./browser.mjs";

const PAYLOADS = {
  text: [
    "<script>alert(1)</script>",
    "<ScRiPt>alert(1)</sCrIpT>",
    "<img src=x onerror=alert(1)>",
    "<img/src=\"x\"/onerror=alert(1)//",
    "<svg onload=alert(1)>",
    "<svg/onload=alert`1`>",
    "<iframe src=\"javascript:alert(1)\"></iframe>",
    "<iframe srcdoc=\"<script>alert(1)</script>\"></iframe>",
    "<details open ontoggle=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<object data=\"javascript:alert(1)\"></object><img src onerror=alert(1)>",
    "<b>\n</b><style onload=alert(1)></style>",
    "<math><mtext><img src=x onerror=\"alert('1')\"></mtext></math>",
    "<script>alert('ünïcode')</script>",
  ],
  attribute: [
    "\"><script>alert(1)</script>",
    "\" autofocus onfocus=\"alert(1)",
    "\" autofocus onfocus=alert(1) x=\"",
    "a>b\" autofocus onfocus=alert(1) x=\"",
  ],
  code: [
    "\";alert(1)//",
    "\"-alert(1)-\"",
    "\";alert`1`//",
    "</script><script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
  ],
  link: ["javascript:alert(1)", "JaVa\tScRiPt:alert(1)", "javascript&colon;alert(1)"],
};

const [host, tls, prefix] = process.argv.slice(2);
const browser = await open({ rules: [`MAP ${host}:443 ${tls}`, "MAP * ~NOTFOUND"] });
const seen = [];
try {
  for (const [where, payloads] of Object.entries(PAYLOADS)) {
    for (const payload of payloads) {
      const page = await browser.context.newPage();
      let ran = false;
      page.on("dialog", async (dialog) => {
        ran = true;
        await dialog.dismiss();
      });
      const url = `https://${host}${prefix}/${where}?q=${encodeURIComponent(payload)}`;
      await page.goto(url, { waitUntil: "networkidle" });
      const own = (await page.title()) === "own";
      const link = where === "link" && (await page.$("#link"));
      if (link) {
        // It runs, or the page goes elsewhere.
        const ends = Promise.race([
          page.waitForEvent("dialog", { timeout: 10_000 }),
          page.waitForEvent("framenavigated", { timeout: 10_000 }),
        ]).catch(() => {});
        await link.click({ noWaitAfter: true }).catch(() => {});
        await ends;
      }
      seen.push({ where, payload, ran, own });
      await page.close();
    }
  }
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
}
