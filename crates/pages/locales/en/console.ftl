# The console: users, groups, sessions, tokens and the audit trail.

console-rooms = Console
console-enter-title = Open the console?
console-enter-text = This link opens the console once, in this browser.
console-enter-button = Open the console
console-gone-title = This link doesn’t open the console any more
console-gone-text = It was used already, or it is older than a minute.
console-gone-todo = For a new one, run this on the server:

filter-button = Show
filter-any = Any
pager-label = Parts of the list
pager-previous = Previous
pager-next = Next
table-act = Action
save-button = Save
add-button = Add
remove-button = Remove for good
keep-link = Keep it and go back

users-title = Users
users-text = E-mail address, or how the name begins
users-none = Nobody matches. Show others above, or add a user.
users-back = Back to all users
user-add-title = Add a user
user-login-hint = What is typed to sign in. It can’t be changed later.
user-password-hint = Leave it empty for an account without a password.
user-edit-title = Change
user-password-title = Another password
user-password-text = Set one for somebody who has lost theirs, and hand it to them in person or by telephone. It ends all sessions.
user-password-button = Set password
user-remove-title = Remove
user-remove-link = Remove this user …
user-remove-question = Remove { $login }?
user-remove-text = The account, its sessions, its tokens and its app passwords are gone at once, and can’t be brought back. To keep somebody out for a while, set the account to “disabled” instead.
label-group = Group
label-state = State
label-last-sign-in = Last sign-in
label-failures = Failed tries that count
label-locked-until = Unknown devices refused until
locked-for-good = Somebody unlocks it, here or by the link in the mail
not-locked = Not refused
state-active = Active
state-disabled = Disabled
state-locked = Locked
state-hint = “Disabled” ends all sessions, and nobody signs in.
password-none = None
password-bcrypt = { $imported ->
    [yes] bcrypt, cost { $cost }, imported
   *[no] bcrypt, cost { $cost }
}
sessions-end-all = End all sessions

groups-title = Groups
groups-none = There are no groups yet. Add one below, then give it to users.
group-add-title = Add a group
label-group-name = Name of the group
group-name-hint = As access rules and applications name it.
group-members-title = Members
group-members = { $count ->
    [0] No members
    [1] One member
   *[other] { $count } members
}
group-members-first = { $count ->
    [1] Only the first one is shown. The list of users shows all, by group.
   *[other] Only the first { $count } are shown. The list of users shows all, by group.
}
group-rename-title = Rename
group-rename-hint = Access rules that name the old name open nothing to its members any more.
group-remove-title = Remove
group-remove-link = Remove this group …
group-remove-question = Remove the group { $group }?
group-remove-text = { $count ->
    [0] Nobody is a member. Access rules that name the group open nothing any more.
    [1] One member loses what the group opens. The account stays.
   *[other] { $count } members lose what the group opens. The accounts stay.
}

console-sessions-title = Sessions
console-sessions-none = There are no sessions.
tokens-title = Tokens
tokens-none = There are no tokens and no app passwords.
tokens-back = Back to all tokens
token-add-title = Make a token
token-made-title = The new token
token-owner-hint = The login name of the account that the program acts for.
token-kind-hint = A bearer token is for API clients, an app password for programs that know only name and password.
token-sites-hint = Choose none, and it is good for all sites that its owner may open.

audit-title = Audit
audit-at = Time
audit-actor = By whom
audit-action = Action
audit-target = On what
audit-from = From
audit-until = Until
audit-changes = What changed
audit-field = Field
audit-before = Before
audit-after = After
audit-none = No change matches. Ask for less above.

# The console's door on the portal.

threshold-title = The console’s door
threshold-text = You have come as far as the door. This page is for trying it: nothing can be seen or changed here.
threshold-button = Try to change something
threshold-knocked = It would have been let through. Nothing was changed.
resume-title = Go on?
resume-lead = Thank you. What you were about to change hasn’t been changed yet.
resume-button = Change it now
resume-not = Leave it as it is
field-own-rights = Administrators don’t take away their own rights: another one does.
field-last-administrator = Nobody would be an administrator any more: make somebody else one first.
field-of-administrators = The configuration names this group in “[admin]”: take it out there first.
field-too-wide = These are too many addresses: at most an IPv4 range of /8 or an IPv6 range of /16.
field-loopback = The drills and every program on the server come from loopback addresses: they aren’t refused here.

# From where requests may come that would change something.

origins-title = Origins
origins-observe = Nobody is refused at the moment, but on own pages: “observe” is on.
origins-text = What would change something is refused unless it comes from the site’s own pages. The configuration says what else is let in (“[csrf]”, “cross_site”) and what needs a token besides (“important”).
origins-own = Further own domains
origins-no-own = None: each site’s own pages alone.
origins-origin = Origin
origins-exceptions = Exceptions
origins-no-exceptions = No route takes requests from other sites.
origins-site = Site
origins-path = Route
origins-why = Reason
origins-important = Important actions
origins-no-important = No route asks for a token.

# Who is refused by address.

addresses-title = Addresses
addresses-observe = Nobody is refused at the moment: “observe” is on.
addresses-address = IP address
addresses-hint = Shows which rule of which list decides.
addresses-malformed = This is no IP address.
addresses-let-in = It is let in.
addresses-observed = It would be refused, but “observe” is on.
addresses-refused = It is refused.
addresses-rule = By rule { $rule }: { $range }.
addresses-no-rule = No list has it.
addresses-lately = In the last hour
addresses-asked = { $total ->
    [0] It has asked for nothing, as far as records are kept.
    [one] { $total } request, { $refused } of them refused. Of an IPv6 address the whole /64 counts.
   *[other] { $total } requests, { $refused } of them refused. Of an IPv6 address the whole /64 counts.
}
addresses-time-of = Time (UTC)
addresses-status = Status
addresses-site = Site
addresses-request = Request
addresses-refused-for = Refused for
addresses-id = Id
addresses-none = No list has an entry.
addresses-lists = Lists
addresses-list = List
addresses-file = File
addresses-entries = Entries
addresses-temporary = Entries for a while
addresses-no-temporary = No address is refused for a while.
addresses-range = Range
addresses-range-hint = An address or a range, such as 203.0.113.7, 203.0.113.0/24 or 2001:db8:7::/48.
addresses-until = Until
addresses-reason = Reason
addresses-by = Made by
addresses-act = Action
addresses-cause-throttled = { $count } requests refused with 429, from { $first } to { $last }; the last was { $request }
addresses-cause-scan = { $count } pages that attackers look for, from { $first } to { $last }; the last request was { $request }
addresses-cause-lock-out = { $count } wrong sign-ins at many accounts, from { $first } to { $last }; the last request was { $request }
addresses-lift = Let in again
addresses-add = Refuse for a while
addresses-time = For
addresses-hours = { $hours ->
    [one] { $hours } hour
   *[other] { $hours } hours
}
addresses-days = { $days ->
    [one] { $days } day
   *[other] { $days } days
}

# Changes that wait for a second administrator.

approvals-title = Approvals
approvals-text = What an administrator has asked for and another one has to approve. It is done exactly as it stands here, and forgotten after a day.
approvals-none = Nothing waits.
approvals-remove = Remove { $user }
approvals-administrator = Make { $user } an administrator
approvals-change = Change { $user }
approvals-password = Give { $user } another password
approvals-asked-by = Asked by
approvals-at = Asked on
approvals-until = Forgotten on
approvals-approve = Approve
approvals-refuse = Refuse
approvals-withdraw = Withdraw
approvals-lapsed = Nothing was done: the user, or whoever asked, isn’t as they were. Whoever asked may ask again.
approvals-own = Nothing was done: this is for another administrator to approve.
notice-asked = It waits here until another administrator approves it.
notice-approved = It was approved and is done.
notice-withdrawn = It waits no more.
field-approval = Another administrator has to approve this: add the user without this group, then change them.
field-waits = The same waits for approval already.

## What pages may load

content-title = Content
content-lead = What the pages of an application may load and run, by the header Content-Security-Policy. What stands here is set in the configuration, by “[csp]” and on each site.
content-none = There is no application.
content-mode = Mode
content-mode-off = off: not sent
content-mode-report-only = only reported on
content-mode-enforce = enforced
content-policy = Policy
content-nonce = Nonce
content-nonce-yes = another one for each answer
content-nonce-no = none
content-weak = The policy lets more through than it should:
content-weakness = { $weakness ->
    [scripts-unlimited] Nothing limits scripts.
    [inline-scripts] Every script in a page runs, injected ones too.
    [scripts-from-anywhere] Scripts of every host run.
    [scripts-from-gadgets] This host serves what runs any script.
    [eval] Text may become code.
    [nothing-trusted] No script is allowed to begin with.
    [plugins-unlimited] Nothing limits plug-ins.
    [plugins-from-anywhere] Plug-ins of every host run.
    [base-unlimited] An injected base address sends the page’s own scripts elsewhere.
    [unencrypted] This comes without encryption.
   *[other] { $weakness }
}
content-reports = Reports of browsers
content-reports-off = The policy isn’t sent, so nobody reports on it. Try it out with mode = "report-only".
content-reports-none = Nothing was reported since the server started.
content-directive = Directive
content-what = What
content-count = Reports
content-first = First
content-last = Last
content-remedy = Would be allowed by
content-look = look at the page
content-proposal = Proposal
content-proposal-text = With these lines in the configuration nothing of that would be stopped, as far as it may be proposed. Anybody can send reports: take only what you know. Scripts that are only named “inline” have to be looked at in the page.
content-proposal-weak = The proposal would let more through than it should:
content-forget = Forget the reports
# Markup of requests that came back.

reflections-title = Reflected markup
reflections-text = Parameters that came back unescaped in the page that answered them, since this process began. Whoever makes somebody open a prepared link can run a script in their name there: the page has to escape what it shows. What was sent isn’t kept.
reflections-none = Nothing came back.
reflections-more = There were more than are kept.
reflections-page = Site and route
reflections-from = Where it stood
reflections-parameter = Parameter
reflections-as = Came back as
reflections-done = What was done
reflections-count = Times
reflections-first = First
reflections-last = Last
reflections-id = Last request
reflections-from-query = query
reflections-from-path = path
reflections-from-header = header field
reflections-from-form = form
reflections-from-json = JSON
reflections-as-script = a tag that runs something
reflections-as-attribute = an attribute that runs something
reflections-as-code = code in a script
reflections-as-url = an address that runs something
reflections-as-markup = another tag
reflections-observed = nothing
reflections-neutralised = shown as text
reflections-refused = answer refused
weaknesses-title = Weaknesses
weaknesses-text = What the applications’ answers have shown of their weaknesses since this process began. Some pages of each second are read, and every cookie; nothing is changed. Parameters that come back as markup are in a room of their own.
weaknesses-none = Nothing weak was seen.
weaknesses-off = Nobody looks: “pages” in “[weaknesses]” is 0.
weaknesses-more = There was more than is kept.
weaknesses-page = Site and route
weaknesses-name = What
weaknesses-path = Last path
weaknesses-count = Seen at least
weaknesses-first = First
weaknesses-last = Last
weaknesses-id = Last request
weaknesses-kind = { $kind ->
    [password-by-get] Passwords in addresses
    [change-by-get] Changes by GET
    [mixed-content] Assets without encryption
    [cookie-readable] Cookies that scripts can read
    [cookie-unencrypted] Cookies without “Secure”
    [cookie-cross-site] Cookies without “SameSite”
    [inline-handler] Event handlers in pages
    [charset-unsaid] Pages without a charset
   *[other] { $kind }
}
weaknesses-remedy = { $kind ->
    [password-by-get] The form sends its password as a part of the address, which ends up in histories and logs. Write method="post" on it.
    [change-by-get] The form seems to change something, and goes by GET: other sites can send it in a visitor’s name, and nothing here stops that. Send it by POST.
    [mixed-content] An encrypted page loads this, or sends its form, without encryption: browsers block it, or anybody on the way can change it. Write https:// in front.
    [cookie-readable] Scripts can read this cookie, injected ones too. Write “HttpOnly” on it, unless a script of yours needs it, as with a token.
    [cookie-unencrypted] This cookie may travel without encryption wherever the application is reached without this gateway, which adds “Secure” here. Write it on the cookie.
    [cookie-cross-site] Browsers differ in what they do with this cookie on requests of other sites. “SameSite=Lax” is added here; say in the application what you mean.
    [inline-handler] A strict content security policy stops event handlers in attributes, so they are in its way. Move them into a script: addEventListener.
    [charset-unsaid] Browsers guess the charset of these pages, and can be made to guess one in which harmless text is markup. Add “; charset=utf-8” to Content-Type.
   *[other] { $kind }
}
