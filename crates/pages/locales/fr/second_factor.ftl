# La seconde étape de la connexion et sa gestion.

code-title = Encore une étape
code-lead = Ouvrez votre application d’authentification et saisissez le code qu’elle affiche pour { $portal }.
label-code = Code
code-hint = Six chiffres. Si vous avez perdu l’application, saisissez l’un de vos codes de secours.
code-wrong = Ce code est erroné ou a déjà servi. Attendez le suivant et réessayez.
code-locked = { $minutes ->
    [0] Il y a eu trop de codes erronés. Veuillez patienter.
    [1] Il y a eu trop de codes erronés. Aucun n’est accepté pendant une minute.
   *[other] Il y a eu trop de codes erronés. Aucun n’est accepté pendant { $minutes } minutes.
}
code-stale = Trop de temps s’est écoulé. Veuillez recommencer.
code-again = Recommencer

factors-title = Seconde étape à la connexion
factors-off = Elle est désactivée : qui connaît votre mot de passe peut se connecter. Avec une application d’authentification sur votre téléphone ou une clé d’accès, cela ne suffit plus.
factors-due = Vous devez l’activer avant cette date : { $at }. Ensuite, aucun site ne vous sera ouvert sans elle.
factors-switch-on = L’activer
factors-on = Elle est activée : votre mot de passe seul n’ouvre pas votre compte.
factors-add = Ajouter une autre application d’authentification
factor-remove = Supprimer
recovery-left = { $left ->
    [0] Il ne vous reste aucun code de secours. Créez-en de nouveaux, pour pouvoir encore entrer si vous perdez l’application ou la clé d’accès.
    [1] Il vous reste un code de secours.
   *[other] Il vous reste { $left } codes de secours.
}
recovery-renew = Créer de nouveaux codes de secours

factor-add-title = Ajouter une application d’authentification
factor-add-lead = Scannez ceci avec une application d’authentification (toutes conviennent), ou saisissez-y la clé. Saisissez ensuite le code qu’elle affiche.
factor-qr = Code QR contenant la clé qui figure dessous
factor-seed = Clé
factor-name = Le nom que vous donnez à cette application
factor-name-hint = Pour la reconnaître plus tard : « mon téléphone ».
factor-code-hint = Les six chiffres que l’application affiche maintenant.
factor-code-wrong = Ce n’est pas le code du moment. Vérifiez l’heure de votre téléphone et saisissez le code suivant.
factor-add-button = Activer

recovery-title = Vos codes de secours
recovery-once = Ils ne sont affichés que cette fois. Gardez-les maintenant.
recovery-lead = Chacun ouvre votre compte une fois, quand vous n’avez pas votre application d’authentification ou votre clé d’accès. Ceux que vous aviez auparavant ne fonctionnent plus.
recovery-keep = Imprimez-les ou gardez-les dans votre gestionnaire de mots de passe, mais pas sur l’appareil qui a l’application ou la clé d’accès.
recovery-done = Je les ai gardés

confirm-title = Est-ce encore vous ?
confirm-lead = Ceci change la protection de votre compte : montrez donc une fois encore qui vous êtes.
confirm-lead-page = La page demandée veut être sûre que c’est vous : veuillez le montrer encore une fois.
confirm-button = Continuer
notice-factor-removed = L’application a été supprimée.
