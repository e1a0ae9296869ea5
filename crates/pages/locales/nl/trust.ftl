# De vertrouwenspagina en het bewijs erachter.

trust-title = Veiligheid en beschikbaarheid
trust-lead = Elke belofte op deze pagina wordt telkens opnieuw getest met een aanval op deze site zelf: haar proef. Een bewering staat hier alleen zolang een proef onlangs heeft aangetoond dat ze klopt. De beperkingen van een belofte staan er altijd bij.
trust-as-of = Stand van
trust-promised = Wat is beloofd
trust-not-promised = Wat niet is beloofd
trust-not-promised-lead = Ook deze onderwerpen staan hier, zodat zwijgen nooit voor een belofte wordt aangezien.
trust-nothing-said = Hierover valt op dit moment niets met bewijs te zeggen.
trust-proven-at = Laatst bewezen op
trust-from = gezien vanaf { vantage }
trust-clauses = Wat is nagegaan
trust-evidence = Bewijs van de laatste proef
trust-tls-report = Het hele rapport
trust-json = Deze pagina als gegevens (JSON)

state-green = Bewezen
    .meaning = De proef heeft onlangs aangetoond dat het klopt.
state-amber = Nu niet bewezen
    .meaning = Er is geen recent bewijs; het tegendeel is ook niet gebleken.
state-red = Niet nagekomen
    .meaning = De proef heeft laten zien dat het niet klopt.
state-not-promised = Niet beloofd
    .meaning = Deze site doet er geen uitspraak over.

standing-proven = Bewezen
standing-limit = Beperking
standing-unproven = Nu niet bewezen
standing-refuted = Onjuist gebleken

ledger-title = Het grootboek
ledger-text = Elke uitslag komt in een grootboek waaraan alleen iets kan worden toegevoegd. De wortel legt de hele inhoud vast: schrijf die vandaag op, en u kunt later nagaan dat er niets is veranderd of weggelaten.
ledger-size = Regels
ledger-root = Wortel (SHA-256)
ledger-at = Verzegeld op

evidence-title = Bewijs: { $promise }
evidence-lead = Dit is het openbare verslag van één proef.
evidence-drill = Proef
evidence-promise = Belofte
evidence-verdict = Uitslag
evidence-at = Uitgevoerd op
evidence-from = Vanaf
evidence-clauses = Wat is nagegaan
evidence-transcript = Verslag
evidence-transcript-none = Geen enkel deel van dit verslag is openbaar.
evidence-ledger = De plaats in het grootboek
evidence-index = Nummer van de regel
evidence-leaf = Hash van de regel
evidence-path = Hashes op weg naar de wortel
evidence-path-none = Geen: deze regel is het hele grootboek.
evidence-verify = Om het na te gaan, combineert u de hash van de regel met de hashes op weg naar de wortel, in hun volgorde, zoals RFC 6962, paragraaf 2.1.1, het beschrijft. De uitkomst moet gelijk zijn aan de wortel. Dat bewijst dat deze regel in het grootboek staat en sindsdien niet is veranderd.
evidence-pending = Deze proef staat nog niet in een verzegeld deel van het grootboek. Kijk over enkele minuten nog eens.
evidence-back = Terug naar alle beloften
