# An account that somebody makes themselves.

register-link = Make an account
register-title = Make an account
register-lead = Enter your e-mail address. A link goes there, by which you choose a password.
register-button = Send the link
register-sign-in = I have an account
register-sent-text = A mail is on its way to the address that you entered. A link in it works once, for half an hour.
register-choose-title = Your new account
register-choose-button = Make the account
register-name-hint = As others are to see it.
register-not-made = The account was not made yet.
register-done-title = Your account is made
register-done-text = Sign in with your e-mail address and the password.
