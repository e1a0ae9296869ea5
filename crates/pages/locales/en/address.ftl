# Another e-mail address for an account.

address-title = Change your mail address
address-lead = Links for this account go to its address: whoever reads that mail can choose another password. So the new address is confirmed first, by a link that goes to it.
address-now = Address now
address-new = New address
address-button = Send a link to it
address-sent-text = A link is on its way to the address that you entered. It works once, for half an hour. Until it is followed the address stays as it is.
address-sent-todo = Nothing came? Look among unwanted mail, wait a few minutes, and check that you typed the address right.
address-confirm-title = Use this address?
address-confirm-text = Mail of the account then goes to the new address, and no longer to the one before. Sessions elsewhere end.
address-confirm-button = Use this address
address-done-title = Your address is changed
address-done-text = Mail of your account goes to the new address from now on. All other sessions have ended.
field-same = That is the address already.
field-wait = Several links are on their way already. Follow one of them, or wait half an hour.
