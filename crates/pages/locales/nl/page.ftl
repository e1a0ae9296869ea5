# Het kader van elke pagina, datums, en woorden die op meer pagina's staan.

language-choice = Taal
footer-guarded = Deze site staat achter Waarborg.
footer-trust = Wat deze site belooft, en hoe dat wordt bewezen

date-time = { $day } { $month ->
    [1] januari
    [2] februari
    [3] maart
    [4] april
    [5] mei
    [6] juni
    [7] juli
    [8] augustus
    [9] september
    [10] oktober
    [11] november
   *[12] december
} { $year }, { $time } UTC

vantage = { $vantage ->
    [inside] de gateway zelf
    [same-host] dezelfde machine
   *[outside] een andere machine
}

verdict-pass = Geslaagd
verdict-fail = Mislukt
verdict-inconclusive = Geen uitsluitsel
