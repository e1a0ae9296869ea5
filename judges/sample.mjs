// The demo's sample application in two windows: notes, live events, a file up and down,
// the chat; and the trust page beside it.
//
//   node sample.mjs URL [RESOLVER_RULE…]
//
// Exit code: 0 all went well, 1 something didn't (said last), 2 a part is missing.

import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { judge } from "./browser.mjs";

const [url, ...rules] = process.argv.slice(2);
const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");

await judge("sample", { rules }, async (context, holds) => {
  const [list, work] = [await context.newPage(), await context.newPage()];
  const complaints = [];
  for (const page of [list, work]) {
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => { if (message.type() === "error") complaints.push(message.text()); });
  }

  await list.goto(`${url}/`);
  await list.locator("[data-live] [data-state]", { hasText: "Connected." }).waitFor();
  const clock = list.locator("[data-clock]");
  const before = await clock.textContent();
  await list.waitForFunction((old) => document.querySelector("[data-clock]").textContent !== old, before);
  holds("server-sent events move the clock", true);

  await work.goto(`${url}/`);
  const name = await work.locator("ul.customers a").first().textContent();
  await work.locator("ul.customers a").first().click();
  const note = `Rappelé à 15 h <b>& « merci »</b> ${randomBytes(4).toString("hex")}`;
  await work.locator("textarea[name=text]").fill(note);
  await work.getByRole("button", { name: "Add note" }).click();
  await work.locator("article.note", { hasText: note }).waitFor();
  holds("a note is written, and shown as text", (await work.locator("article.note b").count()) === 0);
  await list.locator("[data-news] a", { hasText: name }).first().waitFor();
  holds("the other window hears of it", true);

  const bytes = randomBytes(5_000_000);
  await work.locator("input[type=file]").setInputFiles({ name: "cijfers.bin", mimeType: "application/octet-stream", buffer: bytes });
  await work.getByRole("button", { name: "Upload" }).click();
  const link = work.locator("ul.files a", { hasText: "cijfers.bin" });
  await link.waitFor();
  const [download] = await Promise.all([work.waitForEvent("download"), link.click()]);
  holds("a file goes up and comes back whole", digest(readFileSync(await download.path())) === digest(bytes));

  await list.goto(`${url}/chat`);
  await work.goto(`${url}/chat`);
  for (const page of [list, work]) await page.locator("[data-chat] [data-state]", { hasText: "Connected." }).waitFor();
  const said = `goedemorgen ${randomBytes(4).toString("hex")}`;
  await work.locator("#message").fill(said);
  await work.getByRole("button", { name: "Send" }).click();
  for (const page of [work, list]) await page.locator("[data-log] li", { hasText: said }).waitFor();
  holds("what one says in the chat comes to both", true);

  const trust = await work.goto(`${url}/-/security`);
  holds("the trust page is there", trust.status() === 200 && (await work.locator("h1").count()) === 1);
  holds("the browser complained of nothing", complaints.length === 0, complaints.join("; "));
});
