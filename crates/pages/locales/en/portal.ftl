# Signing in and out, and one’s own account.

sign-in-title = Sign in
sign-in-button = Sign in
sign-in-again = Sign in again
sign-in-toward = To go on to { $site }, please sign in.
sign-in-wrong = Name or password is wrong, or there were too many tries. Check both and try again. If you’re sure that they are right, wait up to a quarter of an hour.
sign-in-busy = { $seconds ->
    [1] Many people are signing in right now. Please try again in a second.
   *[other] Many people are signing in right now. Please try again in { $seconds } seconds.
}
sign-in-too-long = That is longer than any name or password can be here. Please check what you entered.
form-stale = This form was too old, or it came from elsewhere. Nothing was done. Please try again.
form-wrong = Nothing was saved yet: please look at the marked fields.
signed-in-as = Signed in as { $who }

sign-out-title = Sign out?
sign-out-text = This ends your session here and on all sites that you opened with it. This device stays known.
sign-out-button = Sign out
signed-out-title = You’re signed out
signed-out-text = Your session has ended here and on all sites that you opened with it.

handover-title = On to { $site }
handover-text = You’re signed in. If nothing happens by itself, use the button.
handover-button = Go on
arrived-title = You’re signed in
arrived-link = Go on to the page you asked for

no-cookie-title = Your browser didn’t keep a cookie
no-cookie-text = Signing in needs cookies, and the one that this site set a moment ago is missing. Perhaps your browser refuses cookies, or too much time went by.
no-cookie-todo = Allow cookies for this site, then begin again in this same browser.
begin-again = Begin again
not-for-you-title = This site isn’t open to you
not-for-you-lead = You’re signed in, but your account has no access to { $site }.
not-for-you-todo = If you have another account, sign out and use that one. If you think that this one should do, ask whoever runs the site.
unlock-title = Unlock your account?
unlock-text = After too many tries your account refuses devices that it doesn’t know. This button ends that.
unlock-button = Unlock
unlocked-title = Your account is unlocked
unlocked-text = You can sign in again, from any device.
link-gone-title = This link doesn’t work any more
link-gone-text = It was used already, or it is too old. Nothing was changed.

account-title = Your account
account-link = Your account
account-sites = Sites you may open
account-sites-none = No site is open to you yet. Ask whoever runs this place.
security-title = Sign-in and passwords
security-back = Back to sign-in and passwords
password-title = Change your password
password-current = Current password
password-new = New password
password-button = Change password
password-hint = At least { $least } characters. Several words that have nothing to do with one another are strong and easy to remember; best of all, let a password manager make one. Any sign is welcome, none is required.
password-not-changed = Your password was not changed.
password-too-short = The password is too short: it needs at least { $least } characters.
password-too-long = The password is too long: it may have { $most } bytes at most.
password-guessable = This password would soon be guessed. Add a word or two that don’t follow from the rest.
password-breached = This password stands in lists that attackers use. Choose one that was never used elsewhere.
password-contains-name = The password is built on your name, your address or the name of the site. Choose something else.
password-forbidden-character = The password has a sign that can’t be kept (NUL).
password-current-wrong = The current password is wrong, or there were too many tries.
password-same-as-old = The new password is the old one.
strength-very-weak = Its strength: very weak. It is guessed at once.
strength-weak = Its strength: weak. A program guesses it within minutes.
strength-fair = Its strength: fair. It withstands somebody who tries by hand, not a program.
strength-strong = Its strength: strong. It withstands a program for a long time.
strength-very-strong = Its strength: very strong. It withstands more than anybody will try.

app-passwords-title = App passwords
app-passwords-lead = For programs that can’t show a sign-in page, such as calendars and git. Each gets a password of its own, which you can revoke without touching the others.
app-passwords-none = You have no app passwords.
app-passwords-no-site = No site that is open to you takes app passwords.
app-password-add = A new app password
app-password-name-hint = So that you recognise it later: “calendar on my phone”.
app-password-site = For which site
app-password-button = Make app password
app-password-made-title = Your new app password
made-once = It is shown only this once. Copy it now.
made-app = Enter it in the program as the password, with the login name, exactly as it stands here.
made-bearer = A program sends it in the header field “Authorization”, behind the word “Bearer”.
token-name = Name
token-kind = Kind
token-owner = Owner
token-sites = Sites
token-sites-all = All
token-expires = Expires
token-revoke = Revoke
token-bearer = Bearer token
token-app = App password
expiry-days = After { $days } days

sessions-title = Your sessions
sessions-lead = Where you’re signed in. If you don’t recognise one, end it and change your password.
sessions-count = { $count ->
    [1] One session
   *[other] { $count } sessions
}
sessions-end-others = End all others
session-device = Device
session-place = Network
session-begun = Begun
session-sites = Sites
session-sites-none = None
session-this = This one
session-end = End
device-both = { $browser } on { $system }
device-unknown = Unknown device

label-login = Login name
label-password = Password
label-name = Name
label-email = E-mail address
label-groups = Groups
label-created = Made on
label-last-use = Last used
none = None
never = Never

notice-added = Added.
notice-saved = Saved.
notice-unchanged = There was nothing to change.
notice-removed = Removed.
notice-unlocked = Unlocked.
notice-session-ended = The session has ended.
notice-sessions-ended = The sessions have ended.
notice-revoked = Revoked.
notice-password-changed = Your password was changed. All other sessions have ended.
notice-busy = We’re too busy at the moment, and nothing was done. Please try again in a minute.

field-missing = This is needed.
field-taken = This is taken already.
field-too-long = { $most ->
    [1] At most one character.
   *[other] At most { $most } characters.
}
field-too-many = There are { $most } of them already, which is the most.
field-malformed = This can’t be used as it stands.
field-unknown = There is no such thing here.
