// Sign-in across hosts in Chromium: from a page of a site to the portal and back, on to
// another site without a password, and out again.
//
//   node sign_in.mjs SITE OTHER PORTAL PORT USER PASSWORD WAY
//
// WAY is `script` or `none` (a browser without JavaScript, on a phone, by the keyboard).
// Exit code: 0 all went well, 1 something didn't (said last), 2 a part is missing.

import { judge } from "./browser.mjs";

const [site, other, portal, port, user, password, way] = process.argv.slice(2);
const plain = way === "none";
const options = { rules: ["MAP * 127.0.0.1"], javaScript: !plain, width: plain ? 360 : 1280 };

await judge(`sign-in, ${way}`, options, async (context, holds) => {
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    // The statuses of what is asked for are the application's own affair.
    if (message.type() === "error" && !message.text().includes("the server responded with")) complaints.push(message.text());
  });
  const at = (host, path) => `https://${host}:${port}${path}`;
  const told = async () => (await page.locator("body").textContent()) ?? "";

  await page.goto(at(site, "/a?b=c%20d"));
  holds("a closed page leads to the portal", new URL(page.url()).hostname === portal, page.url());
  holds("it fits the screen", await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth).catch(() => plain));
  if (plain) {
    await page.locator("input[name=name]").focus();
    await page.keyboard.type(user);
    await page.keyboard.press("Tab");
    await page.keyboard.type(password);
    await page.keyboard.press("Enter");
    await page.locator("form[action$='/callback'] button").press("Enter");
  } else {
    await page.locator("input[name=name]").fill(user);
    await page.locator("input[name=password]").fill(password);
    await page.locator("form[action$='/login'] button").click();
  }
  await page.waitForURL(at(site, "/a?b=c%20d"));
  holds("and back to the page", (await told()).includes(`["remote-user","${user}"]`), await told());

  await page.goto(at(other, "/x"));
  if (plain) await page.locator("form[action$='/callback'] button").press("Enter");
  await page.waitForURL(at(other, "/x"));
  holds("another site asks for nothing", (await told()).includes(`["remote-user","${user}"]`), await told());

  const cookies = (await context.cookies()).filter((cookie) => cookie.name.startsWith("__Host-Http-waarborg"));
  holds("no script reads a cookie of ours", cookies.length >= 3 && cookies.every((cookie) => cookie.httpOnly && cookie.secure && cookie.path === "/"));

  await page.goto(at(site, "/-/logout"));
  await page.locator("form[action$='/logout'] button").click();
  await page.locator("h1").waitFor();
  for (const host of [site, other]) {
    await page.goto(at(host, "/a"));
    holds(`${host} is closed again`, new URL(page.url()).hostname === portal, page.url());
  }
  holds("the browser complained of nothing", complaints.length === 0, complaints.join("; "));
});
