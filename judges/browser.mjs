// What the scripts here share: a real Chromium by Playwright, and a report of what was
// tried. Not a judge itself.
//
// `playwright-core` is looked for in JUDGE_MODULES (a folder that holds `node_modules`),
// then from the current folder. The browser is CHROMIUM, else /usr/bin/chromium.

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** A module from the first place that has it. */
export function load(name) {
  for (const place of [process.env.JUDGE_MODULES, process.cwd()].filter(Boolean)) {
    try {
      return createRequire(join(resolve(place), "judge.cjs"))(name);
    } catch (error) {
      if (error.code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  console.error(`${name} is missing: set JUDGE_MODULES to a folder whose node_modules has it`);
  process.exit(2);
}

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
if (!existsSync(executablePath)) {
  console.error(`no browser at ${executablePath}; set CHROMIUM`);
  process.exit(2);
}

/**
 * A browser with an empty profile. `rules` are Chromium's `--host-resolver-rules`;
 * `spki` is the digest of a key to believe, in base64. Without one, certificates aren't
 * judged here: curl and OpenSSL do that.
 */
export async function open({ rules = [], spki = null, width = 1280, javaScript = true } = {}) {
  const profile = mkdtempSync(join(tmpdir(), "waarborg-judge-"));
  const args = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    // It goes to HTTPS because it was told to, or not at all.
    "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable",
  ];
  if (rules.length > 0) args.push(`--host-resolver-rules=${rules.join(",")}`);
  if (spki) args.push(`--ignore-certificate-errors-spki-list=${spki}`);
  const context = await load("playwright-core").chromium.launchPersistentContext(profile, {
    executablePath,
    args,
    ignoreHTTPSErrors: !spki,
    viewport: { width, height: 900 },
    javaScriptEnabled: javaScript,
    acceptDownloads: true,
  });
  context.setDefaultTimeout(60_000);
  return {
    context,
    async close() {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/** Tries things one after the other; the first that fails ends the script with 1. */
export async function judge(name, options, steps) {
  const browser = await open(options);
  let count = 0;
  const holds = (what, truth, seen = "") => {
    if (!truth) throw new Error(`${what}: no${seen === "" ? "" : ` (${seen})`}`);
    count += 1;
    console.log(`${what}: yes`);
  };
  let code = 0;
  try {
    await steps(browser.context, holds);
    console.log(`${name}: ${count} of ${count}`);
  } catch (error) {
    console.log(`${name}: failed after ${count}: ${error.stack ?? error}`);
    code = 1;
  }
  await browser.close();
  process.exit(code);
}
