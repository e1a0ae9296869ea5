# Een tweede stap die iemand kwijt is.

lost-enter-title = Aanmelden zonder uw tweede stap
lost-enter-lead = Met uw wachtwoord wordt u één keer aangemeld. Uw authenticator-apps, passkeys en herstelcodes verdwijnen daarmee, elke sessie eindigt, en u schakelt meteen een andere tweede stap in.
lost-enter-button = Verwijderen en aanmelden
lost-stop-title = Uw tweede stap houden?
lost-stop-text = Een beheerder is begonnen iemand zonder die stap toe te laten tot uw account { $login }. Bent u dat niet, houd het dan tegen: uw tweede stap blijft zoals hij is.
lost-stop-button = Tegenhouden
lost-stopped-title = Het is tegengehouden
lost-stopped-text = Uw tweede stap blijft zoals hij is, en niemand wordt zonder toegelaten. Heeft iemand hier uit uw naam om gevraagd, meld het dan aan de beheerder.
lost-title = Tweede stap kwijt
lost-begin-text = Is men die kwijt, met de herstelcodes? Begin er dan mee deze persoon zonder toe te laten. Er gaat meteen een mail heen waarmee het tegen te houden is; dat kan ook elke beheerder, en wie zich met de tweede stap aanmeldt. Op { $opens } gaat er een link heen die met het wachtwoord één keer toegang geeft. Wees er zeker van dat u weet met wie u spreekt.
lost-begin-button = Beginnen
lost-own = Uw eigen tweede stap is een zaak voor een andere beheerder.
lost-no-mail = Er komt geen mail aan: er is geen adres, of er gaat hier geen mail uit. Op de machine verwijdert “waarborg user reset-factors” de stap meteen.
lost-waits = { $who } is ermee begonnen deze persoon zonder toe te laten, op { $begun }. De link gaat uit op { $opens }.
lost-open = { $who } is ermee begonnen deze persoon zonder toe te laten, op { $begun }. De link is verstuurd en werkt tot { $until }.
label-factors = Tweede stappen
