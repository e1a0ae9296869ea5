# The second step at sign-in, and looking after it.

code-title = One more step
code-lead = Open your authenticator app and enter the code that it shows for { $portal }.
label-code = Code
code-hint = Six digits. If you lost the app, enter one of your recovery codes.
code-wrong = That code is wrong, or it was used already. Wait for the next one and try again.
code-locked = { $minutes ->
    [1] There were too many wrong codes. None is taken for a minute.
   *[other] There were too many wrong codes. None is taken for { $minutes } minutes.
}
code-stale = Too much time went by. Please begin again.
code-again = Begin again

factors-title = Second step at sign-in
factors-off = It is off: whoever knows your password can sign in. With an authenticator app on your phone, or a passkey, that isn’t enough.
factors-due = You have to switch it on by { $at }. After that, no site is open to you without it.
factors-switch-on = Switch it on
factors-on = It is on: your password alone doesn’t open your account.
factors-add = Add another authenticator app
factor-remove = Remove
recovery-left = { $left ->
    [0] You have no recovery codes left. Make new ones, so that you can still get in when you lose the app or the passkey.
    [1] You have one recovery code left.
   *[other] You have { $left } recovery codes left.
}
recovery-renew = Make new recovery codes

factor-add-title = Add an authenticator app
factor-add-lead = Scan this with an authenticator app (any of them will do), or type the key into it. Then enter the code that it shows.
factor-qr = QR code with the key that stands below it
factor-seed = Key
factor-name = What you call this app
factor-name-hint = So that you recognise it later: “my phone”.
factor-code-hint = The six digits that the app shows now.
factor-code-wrong = That isn’t the code of now. Check that the clock of your phone is right, and enter the next code.
factor-add-button = Switch on

recovery-title = Your recovery codes
recovery-once = They are shown only this once. Keep them now.
recovery-lead = Each of these opens your account once, when you don’t have your authenticator app or your passkey. Those that you had before don’t work any more.
recovery-keep = Print them, or keep them in your password manager, but not on the device that has the app or the passkey.
recovery-done = I have kept them

confirm-title = Is it still you?
confirm-lead = This changes how your account is protected, so please show once more who you are.
confirm-lead-page = The page that you asked for wants to be sure that it’s you: please show it once more.
confirm-button = Go on
notice-factor-removed = The app was removed.
