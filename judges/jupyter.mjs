// JupyterLab behind the gateway, used as people use it: its page, a write with its XSRF
// token, an upload of 20 MiB, a download of a part, code run by a kernel over WebSocket.
//
//   node jupyter.mjs URL TOKEN [RESOLVER_RULE…]
//
// Exit code: 0 all went well, 1 something didn't (said last), 2 a part is missing.

import { judge } from "./browser.mjs";

const [url, token, ...rules] = process.argv.slice(2);

await judge("jupyter", { rules }, async (context, holds) => {
  const page = await context.newPage();
  const sockets = [];
  page.on("websocket", (socket) => {
    const seen = { url: socket.url(), received: 0 };
    socket.on("framereceived", () => { seen.received += 1; });
    sockets.push(seen);
  });
  const refused = await page.goto(`${url}/api/contents`);
  holds("without the token it refuses", refused.status() === 403, refused.status());
  await page.goto(`${url}/lab?token=${token}`);
  await page.locator("#jp-main-dock-panel").waitFor();
  holds("the page is shown", true);

  const written = await page.evaluate(async () => {
    const xsrf = document.cookie.match(/(?:^|; )_xsrf=([^;]*)/)?.[1];
    const put = (name, body, headers) => fetch(`/api/contents/${name}`, {
      method: "PUT",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    const text = { type: "file", format: "text", content: "première ligne\n" };
    const forged = await put("note.txt", text, {});
    const honest = await put("note.txt", text, { "X-XSRFToken": xsrf });

    // 20 MiB whose every byte is known, in base64: 27 MiB of JSON.
    const bytes = new Uint8Array(20 << 20);
    for (let at = 0; at < bytes.length; at += 1) bytes[at] = (at * 31 + (at >> 8)) & 0xff;
    let binary = "";
    for (let at = 0; at < bytes.length; at += 0x6000) {
      binary += btoa(String.fromCharCode(...bytes.subarray(at, at + 0x6000)));
    }
    const large = await put("large.bin", { type: "file", format: "base64", content: binary }, { "X-XSRFToken": xsrf });
    const model = await large.json();

    const same = (from, got) => got.every((byte, index) => byte === bytes[from + index]);
    const part = await fetch("/files/large.bin", { headers: { range: "bytes=1000000-1000099" } });
    const piece = new Uint8Array(await part.arrayBuffer());
    const all = new Uint8Array(await (await fetch("/files/large.bin")).arrayBuffer());
    return {
      forged: forged.status,
      honest: honest.status,
      large: large.status,
      size: model.size,
      part: part.status,
      range: part.headers.get("content-range"),
      piece: piece.length === 100 && same(1_000_000, piece),
      all: all.length === bytes.length && same(0, all),
      hsts: part.headers.get("strict-transport-security"),
    };
  });
  holds("its own XSRF check still refuses a forged write", written.forged === 403, written.forged);
  holds("a write with its token is taken", written.honest === 201, written.honest);
  holds("20 MiB are uploaded", written.large === 201 && written.size === 20 << 20, JSON.stringify(written));
  holds("a range is downloaded", written.part === 206 && written.range === `bytes 1000000-1000099/${20 << 20}`, written.range);
  holds("the part is the right one", written.piece);
  holds("all of it comes back", written.all);
  holds("its answers carry HSTS", /^max-age=\d+/.test(written.hsts), written.hsts);

  await page.locator(".jp-LauncherCard[data-category='Notebook']").first().click();
  const cell = page.locator(".jp-Notebook .jp-CodeCell .cm-content").first();
  await cell.click();
  await page.keyboard.type("print(6 * 7, 'from the kernel')");
  // JupyterLab forgets what is run before its session is ready, and shows nowhere when it is.
  const output = page.locator(".jp-OutputArea-output", { hasText: "42 from the kernel" });
  for (let tries = 0; tries < 20 && !(await output.isVisible()); tries += 1) {
    await cell.click();
    await page.keyboard.press("Shift+Enter");
    await output.waitFor({ timeout: 3000 }).catch(() => {});
  }
  await output.waitFor();
  holds("a kernel has run code", true);
  // JupyterLab may take a second kernel before it has spoken with its first.
  const channels = sockets.filter((socket) => socket.url.includes("/channels") && socket.url.startsWith(url.replace("https:", "wss:")));
  holds("over a WebSocket through the gateway", channels.some((channel) => channel.received > 0), JSON.stringify(sockets));
});
