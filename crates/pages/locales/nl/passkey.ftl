# Passkeys: ermee aanmelden, en het beheer ervan.

passkey-sign-in = Aanmelden met een passkey
passkey-use = Een passkey gebruiken
passkey-no-script = Voor passkeys is JavaScript nodig, en dat staat in deze browser uit.
passkey-failed = De browser gaf geen passkey. Probeer het opnieuw, of ga op een andere manier verder.
passkey-refused = Die passkey is niet aangenomen. Probeer het opnieuw, of meld u op een andere manier aan.
code-lead-passkey = Gebruik een van uw passkeys voor { $portal }.
code-instead = Of met een code
label-recovery = Herstelcode
recovery-hint = Vul een van de herstelcodes in die u hebt bewaard.

passkeys-title = Passkeys
passkeys-lead = Een passkey wordt bewaard door uw telefoon, uw computer of een beveiligingssleutel. Daarmee meldt u zich zonder wachtwoord aan, en een pagina die alleen op deze lijkt, heeft er niets aan.
passkey-add = Een passkey toevoegen
passkey-add-lead = Geef hem een naam. Daarna vraagt uw browser waar hij bewaard moet worden, en om uw vinger, uw gezicht of een pincode.
passkey-add-button = De passkey maken
passkey-name = Hoe u deze passkey noemt
passkey-name-hint = Om hem later te herkennen: “mijn laptop”.
passkey-not-added = Die passkey is niet toegevoegd. Probeer het opnieuw, of met een ander apparaat.
notice-passkey-removed = De passkey is verwijderd. Verwijder hem ook van uw apparaat als hij daar nog wordt aangeboden.
