# Another password by a mailed link.

reset-link = I forgot my password
reset-title = Forgot your password?
reset-lead = Enter your login name or your e-mail address. If there is an account with it, a link goes to its address.
reset-name = Login name or e-mail address
reset-button = Send the link
reset-sent-title = Look at your mail
reset-sent-text = If there is an account with that name or address, a link is on its way. It works once, for half an hour.
reset-sent-todo = Nothing came? Look among unwanted mail, wait a few minutes, and check that you used the right address. Whoever runs this place can help, too.
reset-choose-title = Choose a password
reset-choose-button = Keep this password
reset-done-title = Your password is kept
reset-done-text = Every session that was open has ended. Sign in with the new password; if your account has a second step, it is asked for as always.
