# Passkeys: signing in with one, and looking after them.

passkey-sign-in = Sign in with a passkey
passkey-use = Use a passkey
passkey-no-script = Passkeys need JavaScript, which is off in this browser.
passkey-failed = The browser gave no passkey. Please try again, or go on another way.
passkey-refused = That passkey wasn’t taken. Please try again, or sign in another way.
code-lead-passkey = Use one of your passkeys for { $portal }.
code-instead = Or with a code
label-recovery = Recovery code
recovery-hint = Enter one of the recovery codes that you have kept.

passkeys-title = Passkeys
passkeys-lead = A passkey is kept by your phone, your computer or a security key. It signs you in by itself, without a password, and a page that only looks like this one gets nothing out of it.
passkey-add = Add a passkey
passkey-add-lead = Give it a name. Then your browser asks where to keep it, and for your finger, your face or a PIN.
passkey-add-button = Create the passkey
passkey-name = What you call this passkey
passkey-name-hint = So that you recognise it later: “my laptop”.
passkey-not-added = That passkey wasn’t added. Please try again, or with another device.
notice-passkey-removed = The passkey was removed. Remove it from your device too, where it is still offered.
