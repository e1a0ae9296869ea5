# Un autre mot de passe par un lien envoyé par courriel.

reset-link = J’ai oublié mon mot de passe
reset-title = Mot de passe oublié ?
reset-lead = Saisissez votre nom de connexion ou votre adresse électronique. S’il existe un compte correspondant, un lien part à son adresse.
reset-name = Nom de connexion ou adresse électronique
reset-button = Envoyer le lien
reset-sent-title = Regardez votre courrier
reset-sent-text = S’il existe un compte avec ce nom ou cette adresse, un lien est en route. Il fonctionne une fois, pendant une demi-heure.
reset-sent-todo = Rien n’est arrivé ? Regardez parmi les indésirables, patientez quelques minutes et vérifiez l’adresse utilisée. Le responsable peut aussi vous aider.
reset-choose-title = Choisissez un mot de passe
reset-choose-button = Garder ce mot de passe
reset-done-title = Votre mot de passe est gardé
reset-done-text = Toutes les sessions ouvertes ont pris fin. Connectez-vous avec le nouveau mot de passe ; si votre compte a une seconde étape, elle est demandée comme toujours.
