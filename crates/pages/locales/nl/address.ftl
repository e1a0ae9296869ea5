# Een ander e-mailadres voor een account.

address-title = Uw e-mailadres wijzigen
address-lead = Links voor dit account gaan naar zijn adres: wie die mail leest, kan een ander wachtwoord kiezen. Daarom wordt het nieuwe adres eerst bevestigd, met een link die erheen gaat.
address-now = Adres nu
address-new = Nieuw adres
address-button = Er een link heen sturen
address-sent-text = Er is een link onderweg naar het adres dat u invulde. Die werkt één keer, een half uur lang. Tot u hem volgt, blijft het adres zoals het is.
address-sent-todo = Niets gekomen? Kijk bij de ongewenste mail, wacht een paar minuten en kijk na of u het adres goed hebt getypt.
address-confirm-title = Dit adres gebruiken?
address-confirm-text = Mail van het account gaat dan naar het nieuwe adres, en niet meer naar het vorige. Sessies elders eindigen.
address-confirm-button = Dit adres gebruiken
address-done-title = Uw adres is gewijzigd
address-done-text = Mail van uw account gaat voortaan naar het nieuwe adres. Alle andere sessies zijn beëindigd.
field-same = Dat is het adres al.
field-wait = Er zijn al meerdere links onderweg. Volg er een van, of wacht een half uur.
