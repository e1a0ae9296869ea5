# De tweede stap bij het aanmelden, en het beheer ervan.

code-title = Nog één stap
code-lead = Open uw authenticator-app en vul de code in die daar bij { $portal } staat.
label-code = Code
code-hint = Zes cijfers. Bent u de app kwijt, vul dan een van uw herstelcodes in.
code-wrong = Die code is onjuist of al gebruikt. Wacht op de volgende en probeer het opnieuw.
code-locked = { $minutes ->
    [1] Er zijn te veel onjuiste codes ingevuld. Een minuut lang wordt er geen aangenomen.
   *[other] Er zijn te veel onjuiste codes ingevuld. { $minutes } minuten lang wordt er geen aangenomen.
}
code-stale = Er verstreek te veel tijd. Begin opnieuw.
code-again = Opnieuw beginnen

factors-title = Tweede stap bij het aanmelden
factors-off = Die staat uit: wie uw wachtwoord kent, kan zich aanmelden. Met een authenticator-app op uw telefoon of een passkey is dat niet genoeg.
factors-due = U moet die uiterlijk op { $at } inschakelen. Daarna staat zonder die stap geen site meer voor u open.
factors-switch-on = Inschakelen
factors-on = Die staat aan: met alleen uw wachtwoord gaat uw account niet open.
factors-add = Nog een authenticator-app toevoegen
factor-remove = Verwijderen
recovery-left = { $left ->
    [0] U hebt geen herstelcodes meer. Maak nieuwe, zodat u er nog in kunt als u de app of de passkey kwijtraakt.
    [1] U hebt nog één herstelcode.
   *[other] U hebt nog { $left } herstelcodes.
}
recovery-renew = Nieuwe herstelcodes maken

factor-add-title = Een authenticator-app toevoegen
factor-add-lead = Scan dit met een authenticator-app (elke voldoet), of typ de sleutel erin over. Vul daarna de code in die de app toont.
factor-qr = QR-code met de sleutel die eronder staat
factor-seed = Sleutel
factor-name = Hoe u deze app noemt
factor-name-hint = Om hem later te herkennen: “mijn telefoon”.
factor-code-hint = De zes cijfers die de app nu toont.
factor-code-wrong = Dat is niet de code van nu. Kijk of de klok van uw telefoon gelijkloopt en vul de volgende code in.
factor-add-button = Inschakelen

recovery-title = Uw herstelcodes
recovery-once = Ze worden alleen deze ene keer getoond. Bewaar ze nu.
recovery-lead = Met elk hiervan komt u één keer in uw account als u uw authenticator-app of uw passkey niet hebt. De codes die u eerder had, werken niet meer.
recovery-keep = Druk ze af of bewaar ze in uw wachtwoordbeheerder, maar niet op het apparaat met de app of de passkey.
recovery-done = Ik heb ze bewaard

confirm-title = Bent u het nog?
confirm-lead = Dit verandert hoe uw account beveiligd is. Laat daarom nog eens zien wie u bent.
confirm-lead-page = De pagina die u opende, wil zeker weten dat u het bent: laat dat nog eens zien.
confirm-button = Verdergaan
notice-factor-removed = De app is verwijderd.
