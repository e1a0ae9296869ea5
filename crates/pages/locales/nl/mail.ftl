# Mails aan de eigenaar van een account: onderwerp, tekst, en wat onder elk staat.

mail-locked-subject = Te veel pogingen om u aan te melden
mail-locked-body =
    Iemand probeerde zich te vaak aan te melden bij uw account { $login } op { $portal }. De laatste poging kwam van { $place } op { $at }.

    Een tijd lang weigert het account apparaten die zich er nog nooit bij hebben aangemeld. Apparaten die u eerder gebruikte, werken nog.

    Was u dat zelf, wacht dan, of ontgrendel het account hier:
    { $link }

    Was u het niet, dan hoeft u niets te doen: geen van deze pogingen is gelukt. Gebruikt u uw wachtwoord ook elders, of vermoedt u dat iemand het kent, wijzig het dan.
mail-password-changed-subject = Uw wachtwoord is gewijzigd
mail-password-changed-body =
    Het wachtwoord van uw account { $login } op { $portal } is gewijzigd vanaf { $place } op { $at }. Alle andere sessies zijn beëindigd.

    Was u dat, dan hoeft u niets te doen. Was u het niet, meld het dan meteen aan de beheerder van { $portal }; kunt u zich nog aanmelden, kies dan hier een nieuw wachtwoord:
    { $link }
mail-app-password-made-subject = Er is een nieuw app-wachtwoord gemaakt
mail-app-password-made-body =
    Voor uw account { $login } op { $portal } is een app-wachtwoord “{ $name }” gemaakt, vanaf { $place } op { $at }.

    Was u dat, dan hoeft u niets te doen. Was u het niet, trek het dan hier in en wijzig uw wachtwoord:
    { $link }
mail-foot = { $portal } stuurt dit naar het adres van het account { $login }. Er wordt nooit per mail om uw wachtwoord gevraagd.
