// What a browser sends to a site from its own pages, from a sibling's and from a
// stranger's: by fetch, as a form and over a WebSocket.
//
//   node csrf.mjs SITE SIBLING STRANGER PORT
//
// Exit code: 0 all went well, 1 something didn't (said last), 2 a part is missing.

import { judge } from "./browser.mjs";

const [site, sibling, stranger, port] = process.argv.slice(2);
const at = (host, path) => `https://${host}:${port}${path}`;

await judge("csrf", { rules: ["MAP * 127.0.0.1"] }, async (context, holds) => {
  for (const [host, word, own] of [
    [site, "own", true],
    [sibling, "sibling", false],
    [stranger, "stranger", false],
  ]) {
    const page = await context.newPage();
    await page.goto(at(host, "/"));
    const fetched = await page.evaluate(async ([url, mode]) => {
      // A refusal is kept from other sites altogether: there the fetch fails.
      const sent = fetch(url, { method: "POST", mode, credentials: "include", body: "a=1" });
      return sent.then((answer) => answer.status, () => 0);
    }, [at(site, `/fetched-${word}`), own ? "same-origin" : "no-cors"]);
    // Of an answer from another site a page learns nothing.
    holds(`fetch from ${word}`, fetched === (own ? 200 : 0), `${fetched}`);
    const socket = await page.evaluate((url) => new Promise((done) => {
      const socket = new WebSocket(url);
      socket.onopen = () => done("open");
      socket.onerror = () => done("refused");
    }), `wss://${site}:${port}/socket`);
    // The application answers its own as no WebSocket server does: that it was asked is seen there.
    holds(`a socket from ${word}`, own || socket === "refused", socket);
    const [answer] = await Promise.all([
      page.waitForResponse((answer) => answer.url() === at(site, `/posted-${word}`)),
      page.evaluate((url) => {
        const form = document.createElement("form");
        form.method = "post";
        form.action = url;
        document.body.append(form);
        form.submit();
      }, at(site, `/posted-${word}`)),
    ]);
    holds(`a form from ${word}`, answer.status() === (own ? 200 : 403), `${answer.status()}`);
    await page.waitForLoadState();
    const told = await page.locator("body").textContent();
    holds(`and its page from ${word}`, own || told.includes("didn’t come from this site"), told);
    await page.close();
  }
});
