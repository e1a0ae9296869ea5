# Une autre adresse électronique pour un compte.

address-title = Changer d’adresse électronique
address-lead = Les liens pour ce compte vont à son adresse : qui lit ce courrier peut choisir un autre mot de passe. La nouvelle adresse est donc d’abord confirmée, par un lien qui y est envoyé.
address-now = Adresse actuelle
address-new = Nouvelle adresse
address-button = Y envoyer un lien
address-sent-text = Un lien est en route vers l’adresse que vous avez saisie. Il fonctionne une fois, pendant une demi-heure. Tant qu’il n’est pas suivi, l’adresse reste la même.
address-sent-todo = Rien n’est arrivé ? Regardez parmi les indésirables, patientez quelques minutes et vérifiez l’adresse saisie.
address-confirm-title = Utiliser cette adresse ?
address-confirm-text = Le courrier du compte ira alors à la nouvelle adresse, et non plus à la précédente. Les sessions ouvertes ailleurs prennent fin.
address-confirm-button = Utiliser cette adresse
address-done-title = Votre adresse est changée
address-done-text = Le courrier de votre compte ira désormais à la nouvelle adresse. Toutes les autres sessions ont pris fin.
field-same = C’est déjà l’adresse.
field-wait = Plusieurs liens sont déjà en route. Suivez-en un, ou patientez une demi-heure.
