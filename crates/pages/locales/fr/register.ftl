# Un compte que l’on crée soi-même.

register-link = Créer un compte
register-title = Créer un compte
register-lead = Saisissez votre adresse électronique. Un lien y est envoyé, par lequel vous choisissez un mot de passe.
register-button = Envoyer le lien
register-sign-in = J’ai un compte
register-sent-text = Un courriel est en route vers l’adresse que vous avez saisie. Un lien qu’il contient fonctionne une fois, pendant une demi-heure.
register-choose-title = Votre nouveau compte
register-choose-button = Créer le compte
register-name-hint = Tel que les autres le verront.
register-not-made = Le compte n’est pas encore créé.
register-done-title = Votre compte est créé
register-done-text = Connectez-vous avec votre adresse électronique et le mot de passe.
