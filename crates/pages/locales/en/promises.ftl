# The promises: name, and what each is about as a question, so that it claims nothing.

promise-uptime = Availability
    .about = How much of the time are the tool and the website there?
promise-alarm = Alarm
    .about = Does the team hear of an outage or an emergency at once?
promise-status = Keeping you informed
    .about = Are customers kept informed all the while when something is down?
promise-tls = Encrypted connections
    .about = Does everything between you and this site travel encrypted?
promise-hsts = HTTPS only
    .about = Are browsers told to use nothing but encrypted connections here?
promise-tls-report = Public report on encryption
    .about = Can anyone read how good the encryption of this site is?
promise-storage = Storage
    .about = Is your data stored safely, and can it be restored?
promise-password = Passwords
    .about = Are passwords strong, and stored so that nobody can read them?
promise-lockout = Lock after wrong passwords
    .about = Is an account locked for a while when somebody keeps guessing its password?
promise-two-factor = Second step at sign-in
    .about = Can you protect your account with an authenticator app as well?
promise-block = Blocked addresses
    .about = Are requests refused that come from unknown or vulnerable networks?
promise-throttle = A limit per address
    .about = Is one address kept from taking the place of all others?
promise-track = Traceable requests
    .about = Can every request be found again afterwards?
promise-xss = No foreign code in pages
    .about = Does what somebody types in come back as text only, never as code?
promise-csrf = Nothing done in your name
    .about = Are other websites kept from acting here in your name?
promise-csp = Only known content
    .about = Are browsers told what a page may load and run?
promise-hackers = Ethical hackers
    .about = Are independent researchers invited to test the software?
promise-disclosure = Reporting a flaw
    .about = Can anyone report a flaw quickly, and is every report answered?
promise-team = How the team signs in
    .about = Does the team use strong passwords, a second step and password managers?
promise-devices = The team’s devices
    .about = Are the team’s disks encrypted, and do screens lock by themselves?
promise-admin = Administration
    .about = Are administrative functions open to a select group only?
promise-review = Reviewed changes
    .about = Is every change reviewed by somebody else?
promise-trust = This page
    .about = Does this page say only what has been shown to be true?

# hsts

hsts-every-answer = { $days ->
    [one] Every answer tells browsers to use nothing but HTTPS here for { $days } day.
   *[other] Every answer tells browsers to use nothing but HTTPS here for { $days } days.
}
hsts-every-answer-short = { $seconds ->
    [one] Every answer tells browsers to use nothing but HTTPS here for { $seconds } second.
   *[other] Every answer tells browsers to use nothing but HTTPS here for { $seconds } seconds.
}
hsts-subdomains = The same holds for every subdomain.
hsts-browser = A real browser that had been here once went to HTTPS by itself when it followed an unencrypted link.
hsts-first-visit-open = The very first visit is only covered when browsers already know the site; whether this site is on their preload list isn’t checked here.
hsts-first-visit-preloaded = Even the very first visit is covered: this site is on the preload list of browsers.
hsts-off = Browsers aren’t told to use HTTPS only: this is switched off.

# tls

tls-versions = { $refused ->
    [one] Only TLS 1.2 and TLS 1.3 are spoken: { $refused } older version was tried and refused.
   *[other] Only TLS 1.2 and TLS 1.3 are spoken: { $refused } older versions were tried and refused.
}
tls-no-plaintext = Unencrypted requests are refused.
tls-redirect = Unencrypted requests get nothing but a pointer to the encrypted address.
tls-ports = { $open ->
    [one] Of { $ports } ports tried from { vantage }, only { $open } answers.
   *[other] Of { $ports } ports tried from { vantage }, only { $open } answer.
}
tls-certificate = { $days ->
    [one] The certificate is valid for another { $days } day.
   *[other] The certificate is valid for another { $days } days.
}
tls-origin = The application can’t be reached around the gateway: this was tried from { vantage }.
tls-upstream-encrypted = The connection between the gateway and the application is encrypted and its certificate verified.
tls-upstream-local = The gateway and the application are on the same machine: what passes between them doesn’t leave it.
tls-upstream-private = Between the gateway and the application, requests travel unencrypted through a private network.
tls-upstream-plaintext = Between the gateway and the application, requests travel unencrypted: the operator has accepted this.

# tls-report

tls-report-graded = { $sites ->
    [one] A scan of our own grades this site’s encryption { $grade ->
        [1] A+
        [2] A
        [3] A-
        [4] B
        [5] C
        [6] D
        [7] E
        [8] F
        [9] M
        [10] T
       *[other] –
    } by the public guide of SSL Labs, as far as it examines it{ $own ->
        [0] .
       *[other] , trusting this installation’s own certificate authorities.
    }
   *[other] A scan of our own grades the encryption of { $sites } sites; the worst gets { $grade ->
        [1] A+
        [2] A
        [3] A-
        [4] B
        [5] C
        [6] D
        [7] E
        [8] F
        [9] M
        [10] T
       *[other] –
    } by the public guide of SSL Labs, as far as it examines it{ $own ->
        [0] .
       *[other] , trusting this installation’s own certificate authorities.
    }
}
tls-report-published = The whole report is public and dated; the drill has read it back in three languages.
tls-report-limits = Flaws of particular programs and revoked certificates aren’t looked for; the report lists what wasn’t examined.

# password

password-stored = { $any ->
    [0] Passwords are kept only as bcrypt hashes of cost { $cost }, each with a salt of its own: the drill’s own password was; nobody else had one yet.
   *[other] Every stored password is kept only as a bcrypt hash with a salt of its own, of cost { $cost } or more{ $weaker ->
        [0] .
        [one] ; { $weaker } of them is cheaper than today’s and is renewed when its owner next signs in.
       *[other] ; { $weaker } of them are cheaper than today’s and are renewed when their owners next sign in.
    }
}
password-length = { $length ->
    [one] A new password has at least { $length } character, and isn’t one that a programme would guess soon.
   *[other] A new password has at least { $length } characters, and isn’t one that a programme would guess soon.
}
password-not-breached = { $list ->
    [file] The commonest passwords can’t be chosen, and neither can those of a list that became known in breaches.
   *[commonest] The commonest passwords can’t be chosen.
}

# lockout

lockout-locked = { $minutes ->
    [one] After { $guesses } wrong passwords within { $minutes } minute an account is locked for at least as long: the drill was then refused with the right password too, while another account was let in.
   *[other] After { $guesses } wrong passwords within { $minutes } minutes an account is locked for at least as long: the drill was then refused with the right password too, while another account was let in.
}
lockout-devices = A device that had signed in before was still let in: a stranger can’t lock the owner out.
lockout-opens = { $minutes ->
    [one] The lock opens by itself: the drill’s own ends within { $minutes } minute.
   *[other] The lock opens by itself: the drill’s own ends within { $minutes } minutes.
}

# block

block-listed = { $entries ->
    [0] An address that is put on the block list is refused: the drill’s own was, while its neighbour was let in. The list itself is empty at the moment.
    [one] Requests from addresses on the block list, { $entries } entry at the moment, are refused, people who have signed in and local addresses aside: the drill’s own was, while its neighbour was let in.
   *[other] Requests from addresses on the block list, { $entries } entries at the moment, are refused, people who have signed in and local addresses aside: the drill’s own was, while its neighbour was let in.
}
block-unknown = Addresses from which nobody can come over the Internet are refused as well.
block-bans = Who looks for what attackers look for, tries passwords at many accounts, or goes on after being told to wait is refused for a while without a person.
block-feeds = { $feeds ->
    [one] Addresses on a list that others keep, fetched again and again, are refused as well.
   *[other] Addresses on { $feeds } lists that others keep, fetched again and again, are refused as well.
}
block-no-reputation = An address with a bad reputation is refused only if it is on the list: no service is asked about it.
block-observed = Requests from addresses on the block list are only observed at the moment, not refused.

# throttle

throttle-pages = { $rate ->
    [0] Whoever asks for more than { $burst } pages and files of a site at once, and then for more than one in a few minutes, has to wait: the drill had to, while its neighbours were served, and was served after waiting.
   *[other] Whoever asks for more than { $burst } pages and files of a site at once, and then for more than { $rate } a minute, has to wait: the drill had to, while its neighbours were served, and was served after waiting.
}
throttle-sign-in = { $rate ->
    [0] The same holds for attempts to sign in: { $burst } at once, then one in a few minutes.
   *[other] The same holds for attempts to sign in: { $burst } at once, then { $rate } a minute.
}
throttle-observed = Whoever sends too many requests is only observed at the moment, and doesn’t have to wait.

# csrf

csrf-origins = What would change something is refused unless it comes from the site’s own pages: on every site the drill was refused from a stranger’s page, a sibling’s, an unencrypted one, another port and nowhere, as a form, a script’s request or a WebSocket, and the same from the site itself was let in.
csrf-tokens = Forms of the sign-in portal also need a token that only its own pages hand out: the right password without it, or with another visitor’s, got nobody in.
csrf-actions = Where an application’s action is important, the drill, signed in, was refused without such a token, with a guessed one and with that of another session, in a header or a form, and let in with its own.
csrf-important = { $count ->
    [one] { $count } part of the applications asks for such a token as well before it changes something.
   *[other] { $count } parts of the applications ask for such a token as well before they change something.
}
csrf-listed = { $count ->
    [one] Requests may also come from the pages of { $count } further domain of the same owner.
   *[other] Requests may also come from the pages of { $count } further domains of the same owner.
}
csrf-exceptions = { $count ->
    [one] { $count } part of the applications takes requests from other sites, such as a payment service’s.
   *[other] { $count } parts of the applications take requests from other sites, such as a payment service’s.
}
csrf-observed = Requests that come from other sites are only observed at the moment, not refused.

# track

track-found = { $seconds ->
    [one] Each request gets an id, and the drill found its own trace again within { $seconds } second.
   *[other] Each request gets an id, and the drill found its own trace again within { $seconds } seconds.
}
track-handed = { $to ->
    [journald] { $seconds ->
        [one] Each request gets an id, and the drill’s own records were handed to the system journal within { $seconds } second.
       *[other] Each request gets an id, and the drill’s own records were handed to the system journal within { $seconds } seconds.
    }
   *[stdout] { $seconds ->
        [one] Each request gets an id, and the drill’s own records were written to the program’s output within { $seconds } second.
       *[other] Each request gets an id, and the drill’s own records were written to the program’s output within { $seconds } seconds.
    }
}
track-kept = { $days ->
    [one] Request records are kept for { $days } day.
   *[other] Request records are kept for { $days } days.
}
track-addresses = { $keeping ->
    [whole] They hold the visitor’s whole network address.
    [truncated] They hold the visitor’s network address only in a shortened form.
   *[none] They hold no network addresses of visitors.
}

# csp

csp-own-pages = Every page of ours says by a header (Content Security Policy) which scripts and styles may run on it, errors included: none that somebody puts into it.
csp-browser = In a real browser, scripts that the drill put into a page, its own and another host’s, didn’t run under these headers; without them they did.
csp-applications = { $sites ->
    [one] The application of { $sites } site has such a header, too, beside its own: only content that is known runs there.
   *[other] The applications of { $sites } sites have such a header, too, beside their own: only content that is known runs there.
}
csp-applications-weak = { $sites ->
    [one] The application of { $sites } site has such a header, too, which limits what is loaded, but lets some scripts run that stand in its pages.
   *[other] The applications of { $sites } sites have such a header, too, which limits what is loaded, but lets some scripts run that stand in their pages.
}
csp-report-only = { $sites ->
    [one] On { $sites } site the application’s header is only tried out at the moment: browsers report on it and stop nothing.
   *[other] On { $sites } sites the application’s header is only tried out at the moment: browsers report on it and stop nothing.
}
csp-applications-open = { $sites ->
    [one] The application of { $sites } site decides itself what its pages load; here only frames and plug-ins are limited.
   *[other] The applications of { $sites } sites decide themselves what their pages load; here only frames and plug-ins are limited.
}

# xss

xss-own = What is put into our own pages comes back as text: the drill sent markup through { $fields } fields of { $pages } pages and through their addresses, and nowhere did it come back as markup.
xss-own-addresses = Our own pages show nothing of what is put into their addresses as markup: the drill tried it.
xss-enforced = { $routes ->
    [1] On one of { $all } routes of the applications, markup of a request that the answer would bring back is shown as text or refused, where the page can be read; no drill tries that.
   *[other] On { $routes } of { $all } routes of the applications, markup of a request that the answer would bring back is shown as text or refused, where the page can be read; no drill tries that.
}
xss-observed = { $routes ->
    [1] On one of { $all } routes of the applications the team is told of markup that comes back, and the page isn’t changed.
   *[other] On { $routes } of { $all } routes of the applications the team is told of markup that comes back, and the page isn’t changed.
}
xss-unseen = { $routes ->
    [1] On one of { $all } routes of the applications nobody looks whether markup comes back.
   *[other] On { $routes } of { $all } routes of the applications nobody looks whether markup comes back.
}

# two-factor

two-factor-switch = Users can switch on a second step at sign-in in their account, with an authenticator app.
two-factor-asked = The right password alone was then refused.
two-factor-once = A code was taken once, and not again.

# admin

admin-rooms = Nobody but administrators gets into the console: each of its { $rooms } addresses was closed to a stranger, to a user and to a member of a group without rights.
admin-second-factor = To a session that a password alone began it was closed.
admin-routes = The applications’ own administration was closed to a stranger and to a user, too.
admin-fresh = { $minutes ->
    [1] Whoever changes something there has given a second factor within the last minute.
   *[other] Whoever changes something there has given a second factor within the last { $minutes } minutes.
}
admin-networks = Administrators come from known networks only.

# team

team-second-factor = A password alone didn’t open administration: only with a second factor was the drill’s own account let in.
team-register = { $all ->
    [0] Nothing is registered of what the team uses: there is nothing to say about it.
    [one] { $proven } of { $all } services and devices that the team uses is attested to be signed in to with a second factor; { $days ->
        [0] the oldest attestation is of today.
        [one] the oldest attestation is { $days } day old.
       *[other] the oldest attestation is { $days } days old.
    }
   *[other] { $proven } of { $all } services and devices that the team uses are attested to be signed in to with a second factor; { $days ->
        [0] the oldest attestation is of today.
        [one] the oldest attestation is { $days } day old.
       *[other] the oldest attestation is { $days } days old.
    }
}
team-people = { $people ->
    [one] The one person of the team has a second factor here.
   *[other] All { $people } people of the team have a second factor here.
}
team-github = { $members ->
    [one] GitHub itself says that the one member of the team’s organisation has a second factor.
   *[other] GitHub itself says that none of the { $members } members of the team’s organisation is without a second factor.
}
team-password-managers = The sign-in form can be filled in by password managers, by pasting too, and they find the page where a password is changed.
team-word = What is attested is people’s word: it has a date, ends by itself, and nobody has looked into their password managers.
