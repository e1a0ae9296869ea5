# The register of services and devices that the team uses.

team-title = Team
team-text = The services and devices that the team uses, and whose word it is that each is signed in to with a second factor.
team-none = Nothing is registered yet, so nothing is promised of it.
team-add-title = Add a service or device
team-name = Name
team-name-hint = What everybody calls it. For several people’s accounts at one service, add one for each.
team-kind = Kind
team-kind-service = Service
team-kind-device = Device
team-address = Address
team-address-hint = Where it is found, if anywhere.
team-holder = Who has it
team-holder-hint = The login name of an account here, or the name of somebody who has none.
team-factor = Second factor
team-factor-passkey = Passkey
team-factor-security-key = Security key
team-factor-app = Authenticator app
team-factor-platform = PIN, finger or face on the device
team-factor-single-sign-on = That of another service (single sign-on)
team-factor-sms = Code by text message or telephone
team-factor-none = None
team-standing = State
team-standing-proven = Counts
team-standing-ending = Counts, but ends soon
team-standing-ended = Ended: doesn’t count
team-standing-missing = Not attested: doesn’t count
team-standing-without = No second factor: doesn’t count
team-until = Attested until
team-attested-by = Attested by
team-attested-at = Attested on
team-attest-title = Attest
team-attest-text = { $days ->
    [one] I have seen for myself that it is signed in to with this second factor, and with a password of its own that is kept in a password manager, if with one at all. This counts for { $days } day.
   *[other] I have seen for myself that it is signed in to with this second factor, and with a password of its own that is kept in a password manager, if with one at all. This counts for { $days } days.
}
team-attest-button = Attest this
notice-attested = Your word was kept.
team-remove-title = Remove
team-remove-link = Remove this entry …
team-remove-question = Remove { $name } from the register?
team-remove-text = Remove what the team doesn’t use any more. The audit trail keeps that it was there.
team-back = Back to the register
team-beside = What is known beside it
team-people-title = People of the team here
team-people-counted = { $people ->
    [0] Nobody
    [one] { $people } person, { $without } without a second factor
   *[other] { $people } people, { $without } without a second factor
}
team-github-title = GitHub says
team-github-at = Asked on
team-github-not-yet = Not asked yet: it is with the next run of the drills
team-github-counted = { $members ->
    [one] { $members } member, { $without } without a second factor
   *[other] { $members } members, { $without } without a second factor
}
team-github-silent = Nothing: it couldn’t be asked, so nothing counts as shown. The log says why.
