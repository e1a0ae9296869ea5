# Een account dat iemand zelf maakt.

register-link = Een account maken
register-title = Een account maken
register-lead = Vul uw e-mailadres in. Er gaat een link heen waarmee u een wachtwoord kiest.
register-button = Link versturen
register-sign-in = Ik heb een account
register-sent-text = Er is een mail onderweg naar het adres dat u invulde. Een link daarin werkt één keer, een half uur lang.
register-choose-title = Uw nieuwe account
register-choose-button = Account maken
register-name-hint = Zoals anderen die te zien krijgen.
register-not-made = Het account is nog niet gemaakt.
register-done-title = Uw account is gemaakt
register-done-text = Meld u aan met uw e-mailadres en het wachtwoord.
