# A second factor that somebody has lost.

lost-enter-title = Sign in without your second step
lost-enter-lead = With your password you’re signed in once. Your authenticator apps, passkeys and recovery codes are removed then, every session ends, and you switch on another second step at once.
lost-enter-button = Remove them and sign in
lost-stop-title = Keep your second step?
lost-stop-text = An administrator has begun to let somebody in to your account { $login } without it. If that isn’t you, stop it: your second step stays as it is.
lost-stop-button = Stop it
lost-stopped-title = It is stopped
lost-stopped-text = Your second step stays as it is, and nobody is let in without it. If somebody asked for this in your name, tell whoever runs this place.
lost-title = Lost second step
lost-begin-text = Have they lost it, with the recovery codes? Then begin to let them in without. They get a mail at once and can stop it; so can every administrator, and whoever signs in with the second step. On { $opens } a link goes to them that lets them in once, with their password. Make sure that you know whom you talk to.
lost-begin-button = Begin
lost-own = Your own is a matter for another administrator.
lost-no-mail = No mail reaches them: they have no address, or none leaves here. On the machine, “waarborg user reset-factors” removes it at once.
lost-waits = { $who } has begun to let them in without, on { $begun }. The link goes to them on { $opens }.
lost-open = { $who } has begun to let them in without, on { $begun }. The link was sent, and holds until { $until }.
label-factors = Second steps
