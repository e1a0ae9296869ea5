// Passkeys in Chromium, with a virtual authenticator (CDP domain WebAuthn): one is made,
// signs in without name and password, is the second step behind a password, is shown
// once more, and is refused where its owner wasn't verified, where it was shown before
// and where its sign count goes back.
//
//   node passkey.mjs SITE PORTAL PORT SPKI_HEX,SPKI_HEX USER PASSWORD
//
// SPKI_HEX are the SHA-256 of the servers' keys, in hex: browsers make no passkeys over a
// connection with complaints. Exit code: 0 all went well, 1 something didn't (said last),
// 2 a part is missing.

import { judge } from "./browser.mjs";

const [site, portal, port, keys, user, password] = process.argv.slice(2);
const spki = keys.split(",").map((key) => Buffer.from(key, "hex").toString("base64")).join(",");

await judge("passkey", { rules: ["MAP * 127.0.0.1"], spki }, async (context, holds) => {
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().includes("the server responded with")) complaints.push(message.text());
  });
  const at = (host, path) => `https://${host}:${port}${path}`;
  const told = async () => (await page.locator("body").textContent()) ?? "";
  const session = async () => (await context.cookies(at(portal, "/"))).find((cookie) => cookie.name === "__Host-Http-waarborg")?.value;

  const cdp = await context.newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
    options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true },
  });
  const verified = (isUserVerified) => cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified });
  const kept = async () => (await cdp.send("WebAuthn.getCredentials", { authenticatorId })).credentials;

  const byPassword = async () => {
    await page.goto(at(portal, "/-/login"));
    await page.locator("input[name=name]").fill(user);
    await page.locator("input[name=password]").fill(password);
    await page.locator("form[action$='/login'] button").click();
  };
  const signOut = async () => {
    await page.goto(at(portal, "/-/logout"));
    await page.locator("form[action$='/logout'] button").click();
    await page.locator("a[href$='/login']").waitFor();
  };
  const click = (action) => page.locator(`form[action$='${action}'][data-passkey] button`).click();
  const opensAccount = () => page.waitForURL(at(portal, "/-/account"));

  // Made.
  await byPassword();
  await opensAccount();
  await page.goto(at(portal, "/-/account/security"));
  await page.locator("a[href$='/account/passkey']").click();
  await verified(false);
  await page.locator("input[name=name]").fill("my laptop");
  await click("/account/passkey");
  await page.locator("[data-failed]:not([hidden])").waitFor();
  holds("none is made where its owner isn't verified", (await kept()).length === 0);
  await verified(true);
  await click("/account/passkey");
  await page.locator("ol.codes").waitFor();
  holds("with it come recovery codes", (await page.locator("ol.codes li").count()) === 10);
  const [made] = await kept();
  holds("it is discoverable, and the portal's", made.isResidentCredential && made.rpId === portal, JSON.stringify(made));
  const handle = Buffer.from(made.userHandle, "base64");
  holds("its handle names nobody", handle.length === 16 && !handle.includes(user));

  // Shown once more, where the password alone has opened the session.
  await page.goto(at(portal, "/-/account/passkey"));
  holds("another one asks who it is", page.url().includes("/-/account/confirm"), page.url());
  await click("/account/confirm");
  await page.waitForURL(at(portal, "/-/account/passkey"));
  await page.locator("input[name=name]").fill("the same");
  await click("/account/passkey");
  await page.locator("[data-failed]:not([hidden])").waitFor();
  holds("no device makes a second one beside it", (await kept()).length === 1);
  await page.goto(at(portal, "/-/account/security"));
  holds("it is listed by its name", (await told()).includes("my laptop"));

  // Without name and password, on the way to a site.
  await signOut();
  await page.goto(at(site, "/a?b=c"));
  holds("a closed page leads to the portal", new URL(page.url()).hostname === portal, page.url());
  await click("/login/passkey");
  await page.waitForURL(at(site, "/a?b=c"));
  holds("it opens the page", (await told()).includes(`["remote-user","${user}"]`), await told());
  const away = await page.evaluate(async (rpId) => {
    const publicKey = { challenge: new Uint8Array(32), rpId };
    return navigator.credentials.get({ publicKey }).then(() => "given", (error) => error.name);
  }, portal);
  holds("another origin gets none", away === "SecurityError", away);

  // Behind the password.
  await signOut();
  await byPassword();
  await page.locator("input[name=code]").waitFor();
  holds("the password alone opens nothing", (await session()) === undefined || (await session()) === "");
  await click("/login/code");
  await opensAccount();
  holds("password and passkey do", Boolean(await session()));

  // Its owner isn't verified.
  await signOut();
  await page.goto(at(portal, "/-/login"));
  await verified(false);
  await click("/login/passkey");
  await page.locator("[data-failed]:not([hidden])").waitFor();
  holds("nobody is let in unverified", !(await session()));
  await verified(true);

  // Once: what the browser sent is sent again.
  let sent = "";
  page.on("request", (request) => {
    if (request.method() === "POST" && request.url().endsWith("/login/passkey")) sent = request.postData() ?? "";
  });
  await click("/login/passkey");
  await opensAccount();
  await signOut();
  await page.goto(at(portal, "/-/login"));
  const again = new URLSearchParams(sent);
  holds("the answer was seen", again.get("answer").includes("clientDataJSON"));
  const refusal = page.waitForResponse((response) => response.url().endsWith("/login/passkey"));
  await page.evaluate((fields) => {
    const form = document.createElement("form");
    form.method = "post";
    form.action = "/-/login/passkey";
    for (const [name, value] of fields) {
      const input = document.createElement("input");
      [input.type, input.name, input.value] = ["hidden", name, value];
      form.append(input);
    }
    document.body.append(form);
    form.submit();
  }, [...again]);
  holds("a second time it is refused", (await refusal).status() === 422);
  await page.locator("#problem").waitFor();
  holds("and nobody is signed in", !(await session()));
  const said = await page.locator("#problem").textContent();

  // A copy: the same key, whose count is behind.
  const [credential] = await kept();
  holds("it counts", credential.signCount > 1, `${credential.signCount}`);
  const put = async (signCount) => {
    await cdp.send("WebAuthn.removeCredential", { authenticatorId, credentialId: credential.credentialId });
    await cdp.send("WebAuthn.addCredential", { authenticatorId, credential: { ...credential, signCount } });
  };
  await put(1);
  await click("/login/passkey");
  await page.locator("#problem").waitFor();
  holds("a count that goes back is refused in the same words", (await page.locator("#problem").textContent()) === said && !(await session()));
  await put(credential.signCount + 10);
  await page.goto(at(portal, "/-/login"));
  await click("/login/passkey");
  await opensAccount();
  holds("one that goes on is let in", Boolean(await session()));

  // Removed.
  await page.goto(at(portal, "/-/account/security"));
  await page.locator("form[action$='/account/second-factor/remove'] button").click();
  await page.waitForURL(at(portal, "/-/account/security?done=passkey-removed"));
  holds("it is listed no more", !(await told()).includes("my laptop"));
  await signOut();
  await page.goto(at(portal, "/-/login"));
  await click("/login/passkey");
  await page.locator("#problem").waitFor();
  holds("and opens nothing", !(await session()));
  await byPassword();
  await opensAccount();
  holds("the browser complained of nothing", complaints.length === 0, complaints.join("; "));
});
