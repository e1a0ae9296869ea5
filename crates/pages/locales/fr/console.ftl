# La console : utilisateurs, groupes, sessions, jetons et journal d’audit.

console-rooms = Console
console-enter-title = Ouvrir la console ?
console-enter-text = Ce lien ouvre la console une seule fois, dans ce navigateur.
console-enter-button = Ouvrir la console
console-gone-title = Ce lien n’ouvre plus la console
console-gone-text = Il a déjà servi, ou il date de plus d’une minute.
console-gone-todo = Pour en obtenir un autre, exécutez ceci sur le serveur :

filter-button = Afficher
filter-any = Indifférent
pager-label = Parties de la liste
pager-previous = Précédent
pager-next = Suivant
table-act = Action
save-button = Enregistrer
add-button = Ajouter
remove-button = Supprimer définitivement
keep-link = Conserver et revenir

users-title = Utilisateurs
users-text = Adresse e-mail, ou début du nom
users-none = Personne ne correspond. Élargissez la recherche ci-dessus, ou ajoutez un utilisateur.
users-back = Retour à tous les utilisateurs
user-add-title = Ajouter un utilisateur
user-login-hint = Ce qui est saisi pour se connecter. Il ne peut pas être modifié plus tard.
user-password-hint = Laissez vide pour un compte sans mot de passe.
user-edit-title = Modifier
user-password-title = Un autre mot de passe
user-password-text = Définissez-en un pour quelqu’un qui a perdu le sien, et remettez-le-lui en personne ou par téléphone. Toutes les sessions prennent fin.
user-password-button = Définir le mot de passe
user-remove-title = Supprimer
user-remove-link = Supprimer cet utilisateur…
user-remove-question = Supprimer { $login } ?
user-remove-text = Le compte, ses sessions, ses jetons et ses mots de passe d’application disparaissent aussitôt, sans retour. Pour écarter quelqu’un un moment, mettez plutôt le compte sur « désactivé ».
label-group = Groupe
label-state = État
label-last-sign-in = Dernière connexion
label-failures = Essais manqués pris en compte
label-locked-until = Appareils inconnus refusés jusqu’au
locked-for-good = Déverrouillage, ici ou par le lien du courriel
not-locked = Non refusés
state-active = Actif
state-disabled = Désactivé
state-locked = Verrouillé
state-hint = « Désactivé » termine toutes les sessions, et personne ne se connecte.
password-none = Aucun
password-bcrypt = { $imported ->
    [yes] bcrypt, coût { $cost }, importé
   *[no] bcrypt, coût { $cost }
}
sessions-end-all = Terminer toutes les sessions

groups-title = Groupes
groups-none = Il n’y a pas encore de groupe. Ajoutez-en un ci-dessous, puis attribuez-le à des utilisateurs.
group-add-title = Ajouter un groupe
label-group-name = Nom du groupe
group-name-hint = Tel que les règles d’accès et les applications le nomment.
group-members-title = Membres
group-members = { $count ->
    [0] Aucun membre
    [1] Un membre
   *[other] { $count } membres
}
group-members-first = { $count ->
    [1] Seul le premier est affiché. La liste des utilisateurs les montre tous, par groupe.
   *[other] Seuls les { $count } premiers sont affichés. La liste des utilisateurs les montre tous, par groupe.
}
group-rename-title = Renommer
group-rename-hint = Les règles d’accès qui portent l’ancien nom n’ouvrent alors plus rien aux membres.
group-remove-title = Supprimer
group-remove-link = Supprimer ce groupe…
group-remove-question = Supprimer le groupe { $group } ?
group-remove-text = { $count ->
    [0] Personne n’en est membre. Les règles d’accès qui nomment le groupe n’ouvrent plus rien.
    [1] Un membre perd ce que le groupe ouvre. Le compte demeure.
   *[other] { $count } membres perdent ce que le groupe ouvre. Les comptes demeurent.
}

console-sessions-title = Sessions
console-sessions-none = Il n’y a pas de session.
tokens-title = Jetons
tokens-none = Il n’y a ni jeton ni mot de passe d’application.
tokens-back = Retour à tous les jetons
token-add-title = Créer un jeton
token-made-title = Le nouveau jeton
token-owner-hint = Le nom de connexion du compte pour lequel le programme agit.
token-kind-hint = Un jeton Bearer sert aux clients d’API, un mot de passe d’application aux programmes qui ne connaissent que nom et mot de passe.
token-sites-hint = Sans choix, il vaut pour tous les sites que son propriétaire peut ouvrir.

audit-title = Audit
audit-at = Date
audit-actor = Par qui
audit-action = Action
audit-target = Sur quoi
audit-from = Du
audit-until = Jusqu’au
audit-changes = Ce qui a changé
audit-field = Champ
audit-before = Avant
audit-after = Après
audit-none = Aucun changement ne correspond. Élargissez la recherche ci-dessus.

# La porte de la console sur le portail.

threshold-title = La porte de la console
threshold-text = Vous êtes arrivé jusqu’à la porte. Cette page sert à l’essayer : rien ne s’y voit ni ne s’y change.
threshold-button = Essayer de changer quelque chose
threshold-knocked = Ce serait passé. Rien n’a été changé.
resume-title = Continuer ?
resume-lead = Merci. Ce que vous alliez changer ne l’est pas encore.
resume-button = Changer maintenant
resume-not = Laisser tel quel
field-own-rights = Les administrateurs ne retirent pas leurs propres droits : un autre le fait.
field-last-administrator = Il n’y aurait plus d’administrateur : nommez d’abord quelqu’un d’autre.
field-of-administrators = La configuration nomme ce groupe dans « [admin] » : retirez-le d’abord de là.
field-too-wide = C’est trop d’adresses : au plus une plage IPv4 de /8 ou une plage IPv6 de /16.
field-loopback = Les épreuves et tout programme du serveur viennent d’adresses de bouclage : elles ne sont pas refusées ici.

# D’où peuvent venir les requêtes qui modifieraient quelque chose.

origins-title = Origines
origins-observe = Personne n’est refusé pour le moment, sauf sur nos propres pages : « observe » est activé.
origins-text = Ce qui modifierait quelque chose est refusé si cela ne vient pas des pages du site même. La configuration dit ce qui est admis en plus (« [csrf] », « cross_site ») et ce qui exige aussi un jeton (« important »).
origins-own = Autres domaines à vous
origins-no-own = Aucun : seulement les pages de chaque site.
origins-origin = Origine
origins-exceptions = Exceptions
origins-no-exceptions = Aucune route n’accepte de requêtes d’autres sites.
origins-site = Site
origins-path = Route
origins-why = Raison
origins-important = Actions importantes
origins-no-important = Aucune route ne demande de jeton.

# Qui est refusé d’après son adresse.

addresses-title = Adresses
addresses-observe = Personne n’est refusé pour le moment : « observe » est activé.
addresses-address = Adresse IP
addresses-hint = Montre quelle règle de quelle liste décide.
addresses-malformed = Ce n’est pas une adresse IP.
addresses-let-in = Elle est admise.
addresses-observed = Elle serait refusée, mais « observe » est activé.
addresses-refused = Elle est refusée.
addresses-rule = Par la règle { $rule } : { $range }.
addresses-no-rule = Aucune liste ne la contient.
addresses-lately = Pendant la dernière heure
addresses-asked = { $total ->
    [0] Rien n’a été demandé, autant que les enregistrements le disent.
    [one] { $total } requête, dont { $refused } refusée. D’une adresse IPv6, tout le /64 compte.
   *[other] { $total } requêtes, dont { $refused } refusées. D’une adresse IPv6, tout le /64 compte.
}
addresses-time-of = Heure (UTC)
addresses-status = Statut
addresses-site = Site
addresses-request = Requête
addresses-refused-for = Refusée pour
addresses-id = Référence
addresses-none = Aucune liste n’a d’entrée.
addresses-lists = Listes
addresses-list = Liste
addresses-file = Fichier
addresses-entries = Entrées
addresses-temporary = Entrées pour un temps
addresses-no-temporary = Aucune adresse n’est refusée pour un temps.
addresses-range = Plage
addresses-range-hint = Une adresse ou une plage, comme 203.0.113.7, 203.0.113.0/24 ou 2001:db8:7::/48.
addresses-until = Jusqu’au
addresses-reason = Raison
addresses-by = Créée par
addresses-act = Action
addresses-cause-throttled = { $count } requêtes refusées avec 429, de { $first } à { $last } ; la dernière était { $request }
addresses-cause-scan = { $count } pages que cherchent les attaquants, de { $first } à { $last } ; la dernière requête était { $request }
addresses-cause-lock-out = { $count } connexions échouées sur de nombreux comptes, de { $first } à { $last } ; la dernière requête était { $request }
addresses-lift = Admettre à nouveau
addresses-add = Refuser pour un temps
addresses-time = Pour
addresses-hours = { $hours ->
    [one] { $hours } heure
   *[other] { $hours } heures
}
addresses-days = { $days ->
    [one] { $days } jour
   *[other] { $days } jours
}

# Les changements qui attendent un second administrateur.

approvals-title = Approbations
approvals-text = Ce qu’un administrateur a demandé et qu’un autre doit approuver. C’est fait exactement comme c’est écrit ici, et oublié après un jour.
approvals-none = Rien n’attend.
approvals-remove = Supprimer { $user }
approvals-administrator = Faire de { $user } un administrateur
approvals-change = Modifier { $user }
approvals-password = Donner un autre mot de passe à { $user }
approvals-asked-by = Demandé par
approvals-at = Demandé le
approvals-until = Oublié le
approvals-approve = Approuver
approvals-refuse = Refuser
approvals-withdraw = Retirer
approvals-lapsed = Rien n’a été fait : l’utilisateur, ou la personne qui l’a demandé, n’est plus comme alors. Elle peut le demander à nouveau.
approvals-own = Rien n’a été fait : c’est à un autre administrateur d’approuver ceci.
notice-asked = Cela attend ici qu’un autre administrateur l’approuve.
notice-approved = C’est approuvé et fait.
notice-withdrawn = Cela n’attend plus.
field-approval = Un autre administrateur doit approuver ceci : ajoutez l’utilisateur sans ce groupe, puis modifiez-le.
field-waits = La même chose attend déjà une approbation.

## Ce que les pages peuvent charger

content-title = Contenu
content-lead = Ce que les pages d’une application peuvent charger et exécuter, selon l’en-tête Content-Security-Policy. Ce qui figure ici est réglé dans la configuration, par « [csp] » et sur chaque site.
content-none = Il n’y a aucune application.
content-mode = Mode
content-mode-off = désactivé : non envoyée
content-mode-report-only = seulement signalée
content-mode-enforce = imposée
content-policy = Politique
content-nonce = Nonce
content-nonce-yes = un autre à chaque réponse
content-nonce-no = aucun
content-weak = La politique laisse passer plus qu’elle ne devrait :
content-weakness = { $weakness ->
    [scripts-unlimited] Rien ne limite les scripts.
    [inline-scripts] Tout script d’une page s’exécute, même injecté.
    [scripts-from-anywhere] Les scripts de n’importe quel hôte s’exécutent.
    [scripts-from-gadgets] Cet hôte fournit de quoi exécuter n’importe quel script.
    [eval] Un texte peut devenir du code.
    [nothing-trusted] Aucun script n’est autorisé pour commencer.
    [plugins-unlimited] Rien ne limite les modules externes.
    [plugins-from-anywhere] Les modules externes de n’importe quel hôte s’exécutent.
    [base-unlimited] Une adresse de base injectée envoie ailleurs les scripts de la page.
    [unencrypted] Ceci arrive sans chiffrement.
   *[other] { $weakness }
}
content-reports = Signalements des navigateurs
content-reports-off = La politique n’est pas envoyée, personne ne la signale donc. Essayez-la avec mode = "report-only".
content-reports-none = Rien n’a été signalé depuis le démarrage du serveur.
content-directive = Directive
content-what = Quoi
content-count = Signalements
content-first = Premier
content-last = Dernier
content-remedy = Serait autorisé par
content-look = regardez la page
content-proposal = Proposition
content-proposal-text = Avec ces lignes dans la configuration, rien de cela ne serait arrêté, pour autant que cela puisse être proposé. Chacun peut envoyer des signalements : ne reprenez que ce que vous connaissez. Les scripts nommés seulement « inline » sont à regarder dans la page.
content-proposal-weak = La proposition laisserait passer plus qu’elle ne devrait :
content-forget = Oublier les signalements
# Le balisage de requêtes qui est revenu.

reflections-title = Balisage renvoyé
reflections-text = Les paramètres revenus sans échappement dans la page qui leur répondait, depuis le début de ce processus. Quiconque fait ouvrir un lien préparé peut y exécuter un script au nom d’un autre : la page doit échapper ce qu’elle affiche. Ce qui a été envoyé n’est pas conservé.
reflections-none = Rien n’est revenu.
reflections-more = Il y en a eu plus que ce qui est conservé.
reflections-page = Site et route
reflections-from = Où il se trouvait
reflections-parameter = Paramètre
reflections-as = Revenu comme
reflections-done = Ce qui a été fait
reflections-count = Fois
reflections-first = Premier
reflections-last = Dernier
reflections-id = Dernière requête
reflections-from-query = chaîne de requête
reflections-from-path = chemin
reflections-from-header = champ d’en-tête
reflections-from-form = formulaire
reflections-from-json = JSON
reflections-as-script = une balise qui exécute quelque chose
reflections-as-attribute = un attribut qui exécute quelque chose
reflections-as-code = du code dans un script
reflections-as-url = une adresse qui exécute quelque chose
reflections-as-markup = une autre balise
reflections-observed = rien
reflections-neutralised = affiché comme texte
reflections-refused = réponse refusée
weaknesses-title = Faiblesses
weaknesses-text = Ce que les réponses des applications ont montré de leurs faiblesses depuis le début de ce processus. Quelques pages par seconde sont lues, et chaque cookie ; rien n’est modifié. Les paramètres qui reviennent comme balisage ont leur propre salle.
weaknesses-none = Rien de faible n’a été vu.
weaknesses-off = Personne ne regarde : « pages » dans « [weaknesses] » vaut 0.
weaknesses-more = Il y en a eu plus que ce qui est conservé.
weaknesses-page = Site et route
weaknesses-name = Quoi
weaknesses-path = Dernier chemin
weaknesses-count = Vu au moins
weaknesses-first = Premier
weaknesses-last = Dernier
weaknesses-id = Dernière requête
weaknesses-kind = { $kind ->
    [password-by-get] Mots de passe dans les adresses
    [change-by-get] Modifications par GET
    [mixed-content] Ressources sans chiffrement
    [cookie-readable] Cookies que les scripts peuvent lire
    [cookie-unencrypted] Cookies sans « Secure »
    [cookie-cross-site] Cookies sans « SameSite »
    [inline-handler] Gestionnaires d’événements dans les pages
    [charset-unsaid] Pages sans jeu de caractères
   *[other] { $kind }
}
weaknesses-remedy = { $kind ->
    [password-by-get] Le formulaire envoie son mot de passe dans l’adresse, qui finit dans les historiques et les journaux. Écrivez-y method="post".
    [change-by-get] Le formulaire semble modifier quelque chose et part par GET : d’autres sites peuvent l’envoyer au nom d’un visiteur, et rien ici ne l’empêche. Envoyez-le par POST.
    [mixed-content] Une page chiffrée charge ceci, ou envoie son formulaire, sans chiffrement : les navigateurs le bloquent, ou n’importe qui en chemin peut le modifier. Écrivez https:// devant.
    [cookie-readable] Les scripts peuvent lire ce cookie, même injectés. Écrivez-y « HttpOnly », sauf si un de vos scripts en a besoin, comme pour un jeton.
    [cookie-unencrypted] Ce cookie peut voyager sans chiffrement là où l’application est atteinte sans cette passerelle, qui ajoute ici « Secure ». Écrivez-le sur le cookie.
    [cookie-cross-site] Les navigateurs traitent différemment ce cookie pour les requêtes d’autres sites. « SameSite=Lax » est ajouté ici ; dites dans l’application ce que vous voulez.
    [inline-handler] Une politique de contenu stricte arrête les gestionnaires d’événements en attribut : ils lui font obstacle. Placez-les dans un script : addEventListener.
    [charset-unsaid] Les navigateurs devinent le jeu de caractères de ces pages, et on peut leur en faire deviner un où un texte inoffensif est du balisage. Ajoutez « ; charset=utf-8 » à Content-Type.
   *[other] { $kind }
}
