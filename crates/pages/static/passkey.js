// Asks the browser for a passkey (Web Authentication) and sends what it says as a form.
// What it asks for stands in the form; without script the form is sent empty, and the
// answer says so.
"use strict";
(() => {
  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, "-")
      .replace(/\//g, "_")
      .replace(/=+$/, "");
  const ask = async (kind, publicKey) => {
    publicKey.challenge = bytes(publicKey.challenge);
    if (publicKey.user) publicKey.user.id = bytes(publicKey.user.id);
    for (const list of [publicKey.allowCredentials, publicKey.excludeCredentials]) {
      for (const known of list ?? []) known.id = bytes(known.id);
    }
    const credential = await navigator.credentials[kind]({ publicKey });
    const response = {};
    for (const part of ["attestationObject", "authenticatorData", "clientDataJSON", "signature", "userHandle"]) {
      if (credential.response[part]) response[part] = text(credential.response[part]);
    }
    const id = text(credential.rawId);
    return JSON.stringify({ id, rawId: id, type: credential.type, response, clientExtensionResults: {} });
  };
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const failed = form.querySelector("[data-failed]");
    let asking = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (asking) return;
      asking = true;
      failed.hidden = true;
      try {
        form.elements.answer.value = await ask(form.dataset.passkey, JSON.parse(form.dataset.options));
        form.submit();
      } catch {
        failed.hidden = false;
      } finally {
        asking = false;
      }
    });
  }
})();
