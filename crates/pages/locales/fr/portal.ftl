# La connexion, la déconnexion et son propre compte.

sign-in-title = Connexion
sign-in-button = Se connecter
sign-in-again = Se reconnecter
sign-in-toward = Pour continuer vers { $site }, veuillez vous connecter.
sign-in-wrong = Le nom ou le mot de passe est erroné, ou il y a eu trop d’essais. Vérifiez les deux et réessayez. Si vous êtes sûr de vous, patientez jusqu’à un quart d’heure.
sign-in-busy = { $seconds ->
    [1] Beaucoup de personnes se connectent en ce moment. Réessayez dans une seconde.
   *[other] Beaucoup de personnes se connectent en ce moment. Réessayez dans { $seconds } secondes.
}
sign-in-too-long = C’est plus long qu’un nom ou un mot de passe ne peut l’être ici. Vérifiez votre saisie.
form-stale = Ce formulaire était trop ancien ou venait d’ailleurs. Rien n’a été fait. Veuillez réessayer.
form-wrong = Rien n’est encore enregistré : vérifiez les champs signalés.
signed-in-as = Connecté en tant que { $who }

sign-out-title = Se déconnecter ?
sign-out-text = Votre session prend fin ici et sur tous les sites ouverts avec elle. Cet appareil reste connu.
sign-out-button = Se déconnecter
signed-out-title = Vous êtes déconnecté
signed-out-text = Votre session a pris fin ici et sur tous les sites ouverts avec elle.

handover-title = Vers { $site }
handover-text = Vous êtes connecté. Si rien ne se passe, utilisez le bouton.
handover-button = Continuer
arrived-title = Vous êtes connecté
arrived-link = Continuer vers la page demandée

no-cookie-title = Votre navigateur n’a pas gardé un cookie
no-cookie-text = La connexion a besoin de cookies, et celui que ce site vient de déposer manque. Votre navigateur refuse peut-être les cookies, ou trop de temps s’est écoulé.
no-cookie-todo = Autorisez les cookies pour ce site, puis recommencez dans ce même navigateur.
begin-again = Recommencer
not-for-you-title = Ce site ne vous est pas ouvert
not-for-you-lead = Vous êtes connecté, mais votre compte n’a pas accès à { $site }.
not-for-you-todo = Si vous avez un autre compte, déconnectez-vous et utilisez-le. Si vous pensez que celui-ci devrait suffire, adressez-vous au responsable du site.
unlock-title = Déverrouiller votre compte ?
unlock-text = Après trop d’essais, votre compte refuse les appareils qu’il ne connaît pas. Ce bouton y met fin.
unlock-button = Déverrouiller
unlocked-title = Votre compte est déverrouillé
unlocked-text = Vous pouvez de nouveau vous connecter, depuis tout appareil.
link-gone-title = Ce lien ne fonctionne plus
link-gone-text = Il a déjà servi ou il est trop ancien. Rien n’a été modifié.

account-title = Votre compte
account-link = Votre compte
account-sites = Sites que vous pouvez ouvrir
account-sites-none = Aucun site ne vous est encore ouvert. Adressez-vous au responsable.
security-title = Connexion et mots de passe
security-back = Retour à la connexion et aux mots de passe
password-title = Changer de mot de passe
password-current = Mot de passe actuel
password-new = Nouveau mot de passe
password-button = Changer le mot de passe
password-hint = Au moins { $least } caractères. Plusieurs mots sans rapport entre eux sont sûrs et faciles à retenir ; le mieux est de laisser faire un gestionnaire de mots de passe. Tout signe est permis, aucun n’est imposé.
password-not-changed = Votre mot de passe n’a pas été changé.
password-too-short = Le mot de passe est trop court : il faut au moins { $least } caractères.
password-too-long = Le mot de passe est trop long : il peut avoir { $most } octets au plus.
password-guessable = Ce mot de passe serait vite deviné. Ajoutez un ou deux mots qui ne découlent pas du reste.
password-breached = Ce mot de passe figure dans des listes qu’utilisent les attaquants. Choisissez-en un qui n’a jamais servi ailleurs.
password-contains-name = Le mot de passe reprend votre nom, votre adresse ou le nom du site. Choisissez autre chose.
password-forbidden-character = Le mot de passe contient un signe qui ne peut pas être conservé (NUL).
password-current-wrong = Le mot de passe actuel est erroné, ou il y a eu trop d’essais.
password-same-as-old = Le nouveau mot de passe est l’ancien.
strength-very-weak = Sa force : très faible. Il est deviné aussitôt.
strength-weak = Sa force : faible. Un programme le devine en quelques minutes.
strength-fair = Sa force : moyenne. Il résiste à qui essaie à la main, pas à un programme.
strength-strong = Sa force : élevée. Il résiste longtemps à un programme.
strength-very-strong = Sa force : très élevée. Il résiste à plus que personne n’essaiera.

app-passwords-title = Mots de passe d’application
app-passwords-lead = Pour les programmes qui ne peuvent pas afficher de page de connexion, comme les agendas et git. Chacun reçoit son propre mot de passe, que vous pouvez révoquer sans toucher aux autres.
app-passwords-none = Vous n’avez pas de mot de passe d’application.
app-passwords-no-site = Aucun site qui vous est ouvert n’accepte de mot de passe d’application.
app-password-add = Un nouveau mot de passe d’application
app-password-name-hint = Pour le reconnaître plus tard : « agenda de mon téléphone ».
app-password-site = Pour quel site
app-password-button = Créer le mot de passe
app-password-made-title = Votre nouveau mot de passe d’application
made-once = Il n’est affiché que cette fois. Copiez-le maintenant.
made-app = Saisissez-le dans le programme comme mot de passe, avec le nom de connexion, exactement comme il figure ici.
made-bearer = Un programme l’envoie dans le champ « Authorization », après le mot « Bearer ».
token-name = Nom
token-kind = Type
token-owner = Propriétaire
token-sites = Sites
token-sites-all = Tous
token-expires = Expire
token-revoke = Révoquer
token-bearer = Jeton Bearer
token-app = Mot de passe d’application
expiry-days = Après { $days } jours

sessions-title = Vos sessions
sessions-lead = Où vous êtes connecté. Si vous n’en reconnaissez pas une, terminez-la et changez de mot de passe.
sessions-count = { $count ->
    [0] Aucune session
    [1] Une session
   *[other] { $count } sessions
}
sessions-end-others = Terminer toutes les autres
session-device = Appareil
session-place = Réseau
session-begun = Début
session-sites = Sites
session-sites-none = Aucun
session-this = Celle-ci
session-end = Terminer
device-both = { $browser } sur { $system }
device-unknown = Appareil inconnu

label-login = Nom de connexion
label-password = Mot de passe
label-name = Nom
label-email = Adresse e-mail
label-groups = Groupes
label-created = Créé le
label-last-use = Dernière utilisation
none = Aucun
never = Jamais

notice-added = Ajouté.
notice-saved = Enregistré.
notice-unchanged = Il n’y avait rien à modifier.
notice-removed = Supprimé.
notice-unlocked = Déverrouillé.
notice-session-ended = La session a pris fin.
notice-sessions-ended = Les sessions ont pris fin.
notice-revoked = Révoqué.
notice-password-changed = Votre mot de passe a été changé. Toutes les autres sessions ont pris fin.
notice-busy = Nous sommes trop sollicités en ce moment, et rien n’a été fait. Réessayez dans une minute.

field-missing = Ce champ est nécessaire.
field-taken = C’est déjà pris.
field-too-long = { $most ->
    [1] Un caractère au plus.
   *[other] { $most } caractères au plus.
}
field-too-many = Il y en a déjà { $most }, le maximum.
field-malformed = Ce n’est pas utilisable tel quel.
field-unknown = Cela n’existe pas ici.
