// Follows an http:// link in Chromium, to a name it has visited over HTTPS and to one it
// never has. Prints JSON: where each link ended.
//
//   node hsts.mjs HOST TLS_ADDRESS PLAIN_ADDRESS SPKI_HEX
//
// TLS_ADDRESS is where HOST is served by TLS, PLAIN_ADDRESS a listener that answers in
// plain text, SPKI_HEX the SHA-256 of the server's key, in hex: the header counts only
// over a connection without complaints (RFC 6797 section 8.1).

import { open } from "./browser.mjs";

const [host, tls, plain, spki] = process.argv.slice(2);
const stranger = "never-visited.example.test";
const rules = [host, stranger].flatMap((name) => [`MAP ${name}:80 ${plain}`, `MAP ${name}:443 ${tls}`]);
const browser = await open({ rules: [...rules, "MAP * ~NOTFOUND"], spki: Buffer.from(spki, "hex").toString("base64") });
try {
  const page = await browser.context.newPage();
  await page.goto(`https://${host}/-/security`);
  await page.goto(`http://${host}/-/security`);
  const visited = page.url();
  await page.goto(`http://${stranger}/-/security`);
  console.log(JSON.stringify({ visited, stranger: page.url() }));
} finally {
  await browser.close();
}
