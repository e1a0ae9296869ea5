# Une seconde étape que quelqu’un a perdue.

lost-enter-title = Se connecter sans votre seconde étape
lost-enter-lead = Avec votre mot de passe, vous êtes connecté une fois. Vos applications d’authentification, vos clés d’accès et vos codes de secours sont alors supprimés, toutes les sessions prennent fin, et vous activez aussitôt une autre seconde étape.
lost-enter-button = Les supprimer et se connecter
lost-stop-title = Garder votre seconde étape ?
lost-stop-text = Un administrateur a entrepris de laisser entrer quelqu’un sans elle dans votre compte { $login }. Si ce n’est pas vous, arrêtez cela : votre seconde étape reste telle quelle.
lost-stop-button = L’arrêter
lost-stopped-title = C’est arrêté
lost-stopped-text = Votre seconde étape reste telle quelle, et personne n’entre sans elle. Si quelqu’un l’a demandé en votre nom, prévenez le responsable.
lost-title = Seconde étape perdue
lost-begin-text = Est-elle perdue, avec les codes de secours ? Entreprenez alors de laisser entrer cette personne sans elle. Un courriel lui parvient aussitôt et lui permet de l’arrêter ; tout administrateur le peut aussi, et quiconque se connecte avec la seconde étape. À cette date, un lien part, qui la laisse entrer une fois avec son mot de passe : { $opens }. Assurez-vous de savoir à qui vous parlez.
lost-begin-button = Commencer
lost-own = La vôtre est l’affaire d’un autre administrateur.
lost-no-mail = Aucun courriel ne lui parvient : il n’y a pas d’adresse, ou aucun ne part d’ici. Sur la machine, « waarborg user reset-factors » la supprime aussitôt.
lost-waits = Laisser entrer cette personne sans elle a été entrepris par { $who }, { $begun }. Le lien part à cette date : { $opens }.
lost-open = Laisser entrer cette personne sans elle a été entrepris par { $who }, { $begun }. Le lien est parti et vaut jusqu’à cette date : { $until }.
label-factors = Secondes étapes
