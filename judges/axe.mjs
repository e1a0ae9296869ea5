// Judges pages by axe-core in a real Chromium: light and dark, a desk's width and a
// phone's, under the page's own Content-Security-Policy.
//
//   node axe.mjs [--enter URL] [--views light-1280,dark-360] FOLDER_OR_URL…
//
// With `--views` only these of the four are looked at.
// With `--enter` the browser opens that address first and presses its one button, once:
// what is judged is seen with the session it gets.
//
// A folder's `x.html` files are served from loopback, each with the policy in `x.csp`
// beside it where there is one. Counted are axe's violations, what the browser refused
// or complained of, and content wider than the window. Prints each, ends with a summary.
// Exit code: 0 none, 1 some, 2 the call was wrong or a part is missing.
//
// `axe-core` and `playwright-core` are looked for in JUDGE_MODULES (a folder that holds
// `node_modules`), in NODE_PATH, then from the current folder. The browser is CHROMIUM,
// else /usr/bin/chromium. CA files aren't read: certificates of judged URLs aren't verified.

import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { delimiter, join, resolve } from "node:path";

const MISSING = 2;

function fail(message) {
  console.error(`axe.mjs: ${message}`);
  process.exit(MISSING);
}

/** A module's path, from the first place that has it. */
function find(name) {
  const places = [
    ...(process.env.JUDGE_MODULES ? [process.env.JUDGE_MODULES] : []),
    ...(process.env.NODE_PATH ?? "").split(delimiter).filter(Boolean).flatMap((p) => [p, join(p, "..")]),
    process.cwd(),
  ];
  for (const place of places) {
    try {
      return createRequire(join(resolve(place), "judge.cjs")).resolve(name);
    } catch {
      // Not there: the next place may have it.
    }
  }
  return fail(`${name} is in none of ${places.join(", ")}; run: npm install --ignore-scripts axe-core playwright-core`);
}

/** Serves a folder's pages on loopback; gives their addresses. */
async function serve(folder) {
  const names = readdirSync(folder).filter((name) => name.endsWith(".html")).sort();
  if (names.length === 0) fail(`${folder} holds no .html file`);
  const server = createServer((request, response) => {
    const name = decodeURIComponent(new URL(request.url, "http://x").pathname.slice(1));
    if (!names.includes(name)) {
      response.writeHead(404).end();
      return;
    }
    const headers = { "content-type": "text/html; charset=utf-8" };
    const policy = join(folder, name.replace(/\.html$/, ".csp"));
    if (existsSync(policy)) headers["content-security-policy"] = readFileSync(policy, "utf8").trim();
    response.writeHead(200, headers).end(readFileSync(join(folder, name)));
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address();
  return { server, urls: names.map((name) => `http://127.0.0.1:${port}/${encodeURIComponent(name)}`) };
}

const targets = process.argv.slice(2);
const enter = targets[0] === "--enter" ? targets.splice(0, 2)[1] : undefined;
const views = targets[0] === "--views" ? targets.splice(0, 2)[1].split(",") : undefined;
if (targets.length === 0) fail("usage: node axe.mjs [--enter URL] [--views …] FOLDER_OR_URL…");

const servers = [];
const urls = [];
for (const target of targets) {
  if (/^https?:\/\//.test(target)) {
    urls.push(target);
  } else if (existsSync(target) && statSync(target).isDirectory()) {
    const { server, urls: served } = await serve(target);
    servers.push(server);
    urls.push(...served);
  } else {
    fail(`${target} is neither a folder nor an http(s) address`);
  }
}

const axe = readFileSync(find("axe-core/axe.min.js"), "utf8");
const { chromium } = createRequire(import.meta.url)(find("playwright-core"));
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
if (!existsSync(executablePath)) fail(`no browser at ${executablePath}; set CHROMIUM`);

const browser = await chromium.launch({
  executablePath,
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
  ],
});

let found = 0;
let judged = 0;
const report = (where, what) => {
  found += 1;
  console.log(`${where}: ${what}`);
};

try {
  let storageState;
  if (enter) {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    await page.goto(enter, { waitUntil: "load" });
    await page.getByRole("button").click();
    await page.waitForURL((url) => url.pathname !== new URL(enter).pathname);
    storageState = await context.storageState();
    await context.close();
    if (storageState.cookies.length === 0) report(enter, "its button begins no session");
  }
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1280, 360]) {
      if (views && !views.includes(`${colorScheme}-${width}`)) continue;
      const context = await browser.newContext({
        colorScheme,
        viewport: { width, height: 900 },
        ignoreHTTPSErrors: true,
        storageState,
      });
      const page = await context.newPage();
      let where = "";
      page.on("console", (message) => {
        // A refusal's own status is reported as a failed load; that is no complaint.
        const own = /^Failed to load resource/.test(message.text()) && message.location().url === page.url();
        if (message.type() === "error" && !own) report(where, message.text());
      });
      page.on("pageerror", (error) => report(where, error.message));
      for (const url of urls) {
        where = `${url} (${colorScheme}, ${width} px)`;
        judged += 1;
        try {
          await page.goto(url, { waitUntil: "load" });
        } catch (error) {
          report(where, error.message);
          continue;
        }
        // Hidden content can't be judged, so what can be opened is open.
        await page.evaluate(() => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => globalThis.axe.run(document, {
          runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
          resultTypes: ["violations"],
        }));
        for (const violation of violations) {
          for (const node of violation.nodes) {
            report(where, `${violation.id} [${violation.impact}] ${violation.help}\n    ${node.html}\n    ${node.failureSummary?.replaceAll("\n", "\n    ")}`);
          }
        }
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        if (wide > 0) report(where, `content is ${wide} px wider than the window`);
      }
      await context.close();
    }
  }
} finally {
  await browser.close();
  for (const server of servers) server.close();
}

console.log(`axe: ${urls.length} pages, ${judged} views, ${found} violations`);
process.exit(found === 0 ? 0 : 1);
