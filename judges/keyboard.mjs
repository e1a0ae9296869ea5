// Walks through pages with the Tab key alone: every link, button, field and summary must
// be reached, in both widths, and be seen to have the focus.
//
//   node keyboard.mjs URL…
//
// Exit code: 0 everything is reached, 1 something isn't (named), 2 a part is missing.

import { open } from "./browser.mjs";

const urls = process.argv.slice(2);
let missed = 0;
let reached = 0;
for (const width of [1280, 360]) {
  const browser = await open({ width });
  const page = await browser.context.newPage();
  for (const url of urls) {
    await page.goto(url);
    const all = await page.evaluate(() => {
      const wanted = "a[href], button:not([disabled]), input:not([disabled]):not([type=hidden]), select, textarea, summary";
      const shown = [...document.querySelectorAll(wanted)].filter((element) => element.getClientRects().length > 0);
      shown.forEach((element, index) => { element.dataset.judged = index; });
      return shown.map((element) => element.outerHTML.slice(0, 120));
    });
    const seen = new Set();
    // A file field takes three stops in Chromium, a date field six.
    for (let step = 0; step < all.length * 6 + 5; step += 1) {
      await page.keyboard.press("Tab");
      const at = await page.evaluate(() => {
        const focused = document.activeElement;
        if (!focused?.dataset?.judged) return null;
        const style = getComputedStyle(focused);
        const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
        const rect = focused.getBoundingClientRect();
        return { index: Number(focused.dataset.judged), outlined: outlined || style.boxShadow !== "none", inside: rect.right > 0 && rect.left < innerWidth };
      });
      if (!at) continue;
      if (!seen.has(at.index) && !(at.outlined && at.inside)) {
        missed += 1;
        console.log(`${url} (${width} px): the focus can't be seen on ${all[at.index]}`);
      }
      seen.add(at.index);
      if (seen.size === all.length) break;
    }
    all.forEach((element, index) => {
      if (seen.has(index)) return;
      missed += 1;
      console.log(`${url} (${width} px): not reached: ${element}`);
    });
    reached += seen.size;
  }
  await browser.close();
}
console.log(`keyboard: ${urls.length} pages, ${reached} reached, ${missed} missed`);
process.exit(missed === 0 && reached > 0 ? 0 : 1);
