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
mail-factor-added-subject = Er is een tweede stap bij het aanmelden toegevoegd
mail-factor-added-body =
    De authenticator-app “{ $name }” is toegevoegd aan uw account { $login } op { $portal }, vanuit { $place } op { $at }.

    Was u dat, dan hoeft u niets te doen. Was u het niet, verwijder hem dan hier en wijzig uw wachtwoord:
    { $link }
mail-factor-removed-subject = Er is een tweede stap bij het aanmelden verwijderd
mail-factor-removed-body =
    De authenticator-app “{ $name }” is verwijderd van uw account { $login } op { $portal }, vanuit { $place } op { $at }.

    Was u dat, dan hoeft u niets te doen. Was u het niet, dan was iemand onder uw naam aangemeld: wijzig hier uw wachtwoord en meld het aan de beheerder van { $portal }:
    { $link }
mail-passkey-added-subject = Er is een passkey toegevoegd
mail-passkey-added-body =
    De passkey “{ $name }” is toegevoegd aan uw account { $login } op { $portal }, vanuit { $place } op { $at }. Daarmee gaat het account zonder wachtwoord open.

    Was u dat, dan hoeft u niets te doen. Was u het niet, verwijder hem dan hier en wijzig uw wachtwoord:
    { $link }
mail-passkey-removed-subject = Er is een passkey verwijderd
mail-passkey-removed-body =
    De passkey “{ $name }” is verwijderd van uw account { $login } op { $portal }, vanuit { $place } op { $at }.

    Was u dat, dan hoeft u niets te doen. Was u het niet, dan was iemand onder uw naam aangemeld: wijzig hier uw wachtwoord en meld het aan de beheerder van { $portal }:
    { $link }
mail-passkey-copied-subject = Er is misschien een kopie van uw passkey
mail-passkey-copied-body =
    Iemand probeerde zich bij uw account { $login } op { $portal } aan te melden met de passkey “{ $name }”, vanuit { $place } op { $at }. Zulke passkeys tellen hoe vaak ze gebruikt zijn, en deze telling liep achter. Hij is geweigerd: er is misschien een kopie, die iemand anders heeft.

    Verwijder deze passkey hier en voeg een nieuwe toe, ook als u het zelf was:
    { $link }
mail-recovery-used-subject = Er is een herstelcode gebruikt
mail-recovery-used-body =
    Iemand heeft zich bij uw account { $login } op { $portal } aangemeld met een herstelcode, vanuit { $place } op { $at }. { $left ->
        [0] Er is er geen meer over.
        [1] Er is er nog één over.
       *[other] Er zijn er nog { $left } over.
    }

    Was u dat, dan kunt u hier nieuwe codes maken. Was u het niet, wijzig daar dan meteen uw wachtwoord:
    { $link }
mail-recovery-renewed-subject = Er zijn nieuwe herstelcodes gemaakt
mail-recovery-renewed-body =
    Er zijn nieuwe herstelcodes gemaakt voor uw account { $login } op { $portal }, vanuit { $place } op { $at }. De eerdere werken niet meer.

    Was u dat, dan hoeft u niets te doen. Was u het niet, maak dan hier nieuwe en wijzig uw wachtwoord:
    { $link }
mail-codes-wrong-subject = Iemand kent uw wachtwoord
mail-codes-wrong-body =
    Iemand gaf het juiste wachtwoord van uw account { $login } op { $portal }, en daarna te veel onjuiste codes. De laatste kwam vanuit { $place } op { $at }. Geen ervan is toegelaten.

    Was u dat, wacht dan een paar minuten. Was u het niet, dan is uw wachtwoord niet meer geheim: wijzig het hier, en overal waar u het nog gebruikt:
    { $link }
mail-reset-subject = Kies een ander wachtwoord
mail-reset-body =
    Iemand vroeg om een ander wachtwoord voor uw account { $login } op { $portal }, vanuit { $place } op { $at }.

    Was u dat, kies het dan hier binnen een half uur:
    { $link }

    Was u het niet, dan hoeft u niets te doen: uw wachtwoord blijft zoals het is.
mail-invited-subject = Er is een account voor u
mail-invited-body =
    Er is voor u een account { $login } gemaakt op { $portal }. Kies hier binnen een half uur het wachtwoord ervan:
    { $link }

    Is dat te kort, vraag dan een nieuwe link aan op de aanmeldpagina.
mail-address-changing-subject = Uw account krijgt een ander adres
mail-address-changing-body =
    Iemand die bij uw account { $login } op { $portal } is aangemeld, wil dat { $name } het e-mailadres ervan wordt, vanuit { $place } op { $at }. Daar is een link heen gegaan. Zodra die gevolgd wordt, gaat mail van het account naar dat adres, en niet meer naar dit.

    Was u dat, dan hoeft u hier niets te doen. Was u het niet, dan is iemand onder uw naam aangemeld: wijzig meteen uw wachtwoord, dat beëindigt die sessie en maakt de link waardeloos:
    { $link }
mail-address-confirm-subject = Bevestig uw nieuwe adres
mail-address-confirm-body =
    Iemand die bij het account { $login } op { $portal } is aangemeld, gaf dit op als het nieuwe e-mailadres ervan, vanuit { $place } op { $at }.

    Was u dat, bevestig het dan hier binnen een half uur:
    { $link }

    Was u het niet, dan hoeft u niets te doen: zonder de link verandert er niets.
mail-address-taken-subject = Dit adres heeft al een account
mail-address-taken-body =
    Iemand die op { $portal } bij een ander account is aangemeld, wilde er dit adres voor gebruiken, vanuit { $place } op { $at }. Het is dat van uw account { $login }, en een adres hoort bij één account: er is niets gewijzigd.

    Was u dat, meld u dan aan bij het account { $login }, of geef dat eerst een ander adres. Was u het niet, dan hoeft u niets te doen.
mail-address-changed-subject = Het adres van uw account is gewijzigd
mail-address-changed-body =
    Het e-mailadres van uw account { $login } op { $portal } is gewijzigd vanuit { $place } op { $at }. De mail ervan gaat voortaan naar het nieuwe adres; dit is de laatste naar dit adres. Alle andere sessies zijn beëindigd.

    Was u dat, dan hoeft u niets te doen. Was u het niet, meld het dan meteen aan de beheerder van { $portal }; kunt u zich nog aanmelden, kies dan hier een nieuw wachtwoord:
    { $link }
mail-lost-factor-begun-subject = Bent u uw tweede stap kwijt?
mail-lost-factor-begun-body =
    Een beheerder van { $portal } is er op { $at } mee begonnen u zonder uw tweede stap toe te laten tot uw account { $login }, omdat iemand zei dat u die kwijt bent. Op { $opens } gaat er een link naar dit adres: daarmee en met uw wachtwoord kunt u zich één keer aanmelden, uw tweede stap verdwijnt, en u schakelt een andere in.

    Hebt u hierom gevraagd, wacht dan op die mail.

    Hebt u dat niet, dan wil iemand onder uw naam naar binnen. Houd het hier tegen; u aanmelden met uw tweede stap houdt het ook tegen:
    { $link }
mail-lost-factor-open-subject = Aanmelden zonder uw tweede stap
mail-lost-factor-open-body =
    De wachttijd voor uw account { $login } op { $portal } is om. Met deze link en uw wachtwoord kunt u zich één keer aanmelden zonder uw tweede stap, die daarmee verdwijnt. De link werkt tot { $until }:
    { $link }

    Hebt u hier niet om gevraagd, volg hem dan niet. Meld u aan met uw tweede stap, dat houdt het tegen, wijzig uw wachtwoord en meld het aan de beheerder van { $portal }.
mail-lost-factor-stopped-subject = Uw tweede stap blijft zoals hij is
mail-lost-factor-stopped-body =
    Een beheerder was ermee begonnen u zonder uw tweede stap toe te laten tot uw account { $login } op { $portal }. Dat is op { $at } tegengehouden, en uw tweede stap blijft zoals hij is.

    Hebt u het nog nodig, vraag het dan opnieuw aan de beheerder van { $portal }.
mail-register-subject = Maak uw account
mail-register-body =
    Iemand wil met dit adres een account maken op { $portal }, vanuit { $place } op { $at }.

    Was u dat, kies dan hier binnen een half uur het wachtwoord ervan:
    { $link }

    Was u het niet, dan hoeft u niets te doen: zonder de link komt er geen account.
mail-registered-before-subject = U hebt al een account
mail-registered-before-body =
    Iemand wilde met dit adres een account maken op { $portal }, vanuit { $place } op { $at }. Er is er al een, { $login }: er is niets gewijzigd.

    Was u dat, meld u er dan bij aan; bent u het wachtwoord vergeten, vraag dan een ander aan op de aanmeldpagina. Was u het niet, dan hoeft u niets te doen.
mail-foot = { $portal } stuurt dit naar het adres van het account { $login }. Er wordt nooit per mail om uw wachtwoord gevraagd.
mail-foot-address = { $portal } stuurt dit omdat iemand dit adres daar heeft ingevuld. Er wordt nooit per mail om uw wachtwoord gevraagd.
mail-approval-waits-subject = Er wacht iets op uw goedkeuring op { $portal }
mail-approval-waits-body =
    { $name } vraagt dit op { $portal }: “{ $what }”. Het wacht tot een andere beheerder, zoals u, het goedkeurt, en vervalt na een dag.

    Bekijk het, en keur het goed of wijs het af:
    { $link }

    Zegt { $name } er niet om gevraagd te hebben, dan is iemand anders onder die naam aangemeld.
