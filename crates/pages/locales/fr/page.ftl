# Le cadre de chaque page, les dates et les mots communs à plusieurs pages.

language-choice = Langue
footer-guarded = Ce site est placé derrière Waarborg.
footer-trust = Ce que ce site promet, et comment c’est prouvé

date-time = { $day ->
    [1] 1er
   *[other] { $day }
} { $month ->
    [1] janvier
    [2] février
    [3] mars
    [4] avril
    [5] mai
    [6] juin
    [7] juillet
    [8] août
    [9] septembre
    [10] octobre
    [11] novembre
   *[12] décembre
} { $year } à { $time } UTC

vantage = { $vantage ->
    [inside] la passerelle elle-même
    [same-host] la même machine
   *[outside] une autre machine
}

verdict-pass = Réussi
verdict-fail = Échoué
verdict-inconclusive = Sans conclusion
