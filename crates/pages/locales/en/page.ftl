# The frame of every page, dates, and words that several pages use.

language-choice = Language
footer-guarded = This site stands behind Waarborg.
footer-trust = What this site promises, and how it is proven

date-time = { $day } { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
} { $year }, { $time } UTC

vantage = { $vantage ->
    [inside] inside the gateway itself
    [same-host] the same machine
   *[outside] another machine
}

verdict-pass = Passed
verdict-fail = Failed
verdict-inconclusive = Inconclusive
