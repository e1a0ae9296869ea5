# Les promesses : leur nom, et leur sujet sous forme de question, qui n’affirme rien.

promise-uptime = Disponibilité
    .about = Quelle part du temps l’outil et le site sont-ils accessibles ?
promise-alarm = Alerte
    .about = L’équipe est-elle avertie sur-le-champ d’une panne ou d’une urgence ?
promise-status = Vous tenir informés
    .about = Les clients sont-ils tenus informés pendant toute la durée d’une panne ?
promise-tls = Connexions chiffrées
    .about = Tout ce qui circule entre vous et ce site est-il chiffré ?
promise-hsts = HTTPS uniquement
    .about = Les navigateurs ont-ils pour consigne de n’utiliser ici que des connexions chiffrées ?
promise-tls-report = Rapport public sur le chiffrement
    .about = Chacun peut-il consulter la qualité du chiffrement de ce site ?
promise-storage = Stockage
    .about = Vos données sont-elles conservées en sûreté et peuvent-elles être restaurées ?
promise-password = Mots de passe
    .about = Les mots de passe sont-ils solides et conservés sans que personne puisse les lire ?
promise-lockout = Verrouillage après des mots de passe erronés
    .about = Un compte est-il verrouillé un moment lorsque quelqu’un tente de deviner son mot de passe ?
promise-two-factor = Seconde étape à la connexion
    .about = Pouvez-vous aussi protéger votre compte par une application d’authentification ?
promise-block = Adresses bloquées
    .about = Les requêtes venant de réseaux inconnus ou vulnérables sont-elles refusées ?
promise-throttle = Une limite par adresse
    .about = Une seule adresse est-elle empêchée de prendre la place de toutes les autres ?
promise-track = Requêtes traçables
    .about = Chaque requête peut-elle être retrouvée par la suite ?
promise-xss = Pas de code étranger dans les pages
    .about = Ce que quelqu’un saisit revient-il toujours comme du texte, jamais comme du code ?
promise-csrf = Rien en votre nom
    .about = Les autres sites sont-ils empêchés d’agir ici en votre nom ?
promise-csp = Contenu connu uniquement
    .about = Les navigateurs savent-ils ce qu’une page a le droit de charger et d’exécuter ?
promise-hackers = Hackers éthiques
    .about = Des chercheurs indépendants sont-ils invités à mettre le logiciel à l’épreuve ?
promise-disclosure = Signaler une faille
    .about = Chacun peut-il signaler rapidement une faille, et chaque signalement reçoit-il une réponse ?
promise-team = La connexion de l’équipe
    .about = L’équipe emploie-t-elle des mots de passe solides, une seconde étape et des gestionnaires de mots de passe ?
promise-devices = Les appareils de l’équipe
    .about = Les disques de l’équipe sont-ils chiffrés, et ses écrans se verrouillent-ils d’eux-mêmes ?
promise-admin = Administration
    .about = Les fonctions d’administration sont-elles réservées à un groupe restreint ?
promise-review = Modifications relues
    .about = Chaque modification est-elle relue par une autre personne ?
promise-trust = Cette page
    .about = Cette page ne dit-elle que ce qui a été démontré ?

# hsts

hsts-every-answer = { $days ->
    [one] Chaque réponse donne aux navigateurs la consigne de n’utiliser ici que HTTPS pendant { $days } jour.
   *[other] Chaque réponse donne aux navigateurs la consigne de n’utiliser ici que HTTPS pendant { $days } jours.
}
hsts-every-answer-short = { $seconds ->
    [one] Chaque réponse donne aux navigateurs la consigne de n’utiliser ici que HTTPS pendant { $seconds } seconde.
   *[other] Chaque réponse donne aux navigateurs la consigne de n’utiliser ici que HTTPS pendant { $seconds } secondes.
}
hsts-subdomains = Il en va de même pour chaque sous-domaine.
hsts-browser = Un vrai navigateur déjà venu ici est passé de lui-même à HTTPS en suivant un lien non chiffré.
hsts-first-visit-open = La toute première visite n’est couverte que si les navigateurs connaissent déjà le site ; sa présence sur leur liste de préchargement n’est pas vérifiée ici.
hsts-first-visit-preloaded = Même la toute première visite est couverte : ce site figure sur la liste de préchargement des navigateurs.
hsts-off = Les navigateurs n’ont pas pour consigne de n’utiliser que HTTPS : cette protection est désactivée.

# tls

tls-versions = { $refused ->
    [one] Seules les versions TLS 1.2 et TLS 1.3 sont acceptées : { $refused } version plus ancienne a été essayée et refusée.
   *[other] Seules les versions TLS 1.2 et TLS 1.3 sont acceptées : { $refused } versions plus anciennes ont été essayées et refusées.
}
tls-no-plaintext = Les requêtes non chiffrées sont refusées.
tls-redirect = Les requêtes non chiffrées ne reçoivent qu’un renvoi vers l’adresse chiffrée.
tls-ports = { $open ->
    [one] Sur { $ports } ports essayés depuis { vantage }, { $open } seul répond.
   *[other] Sur { $ports } ports essayés depuis { vantage }, { $open } seulement répondent.
}
tls-certificate = { $days ->
    [one] Le certificat est encore valable { $days } jour.
   *[other] Le certificat est encore valable { $days } jours.
}
tls-origin = L’application ne peut pas être atteinte en contournant la passerelle : cela a été essayé depuis { vantage }.
tls-upstream-encrypted = La connexion entre la passerelle et l’application est chiffrée, et son certificat est vérifié.
tls-upstream-local = La passerelle et l’application se trouvent sur la même machine : ce qui passe entre elles n’en sort pas.
tls-upstream-private = Entre la passerelle et l’application, les requêtes circulent en clair dans un réseau privé.
tls-upstream-plaintext = Entre la passerelle et l’application, les requêtes circulent en clair : l’exploitant l’a accepté.

# tls-report

tls-report-graded = { $sites ->
    [one] Notre propre analyse donne au chiffrement de ce site la note { $grade ->
        [1] A+
        [2] A
        [3] A-
        [4] B
        [5] C
        [6] D
        [7] E
        [8] F
        [9] M
        [10] T
       *[other] –
    } selon le guide public de SSL Labs, dans la mesure de ce qu’elle examine{ $own ->
        [0] .
       *[other] , en se fiant aux autorités de certification propres à cette installation.
    }
   *[other] Notre propre analyse note le chiffrement de { $sites } sites ; le moins bon obtient { $grade ->
        [1] A+
        [2] A
        [3] A-
        [4] B
        [5] C
        [6] D
        [7] E
        [8] F
        [9] M
        [10] T
       *[other] –
    } selon le guide public de SSL Labs, dans la mesure de ce qu’elle examine{ $own ->
        [0] .
       *[other] , en se fiant aux autorités de certification propres à cette installation.
    }
}
tls-report-published = Le rapport entier est public et daté ; l’épreuve l’a relu en trois langues.
tls-report-limits = Les failles de certains programmes et les certificats révoqués ne sont pas recherchés ; le rapport indique ce qui n’a pas été examiné.

# password

password-stored = { $any ->
    [0] Les mots de passe ne sont conservés que sous forme d’empreintes bcrypt de coût { $cost }, chacune avec son propre sel : celui de l’épreuve l’a été ; personne d’autre n’en avait encore.
   *[other] Chaque mot de passe enregistré n’est conservé que sous forme d’empreinte bcrypt avec son propre sel, d’un coût d’au moins { $cost }{ $weaker ->
        [0] .
        [one] {" "}; { $weaker } d’entre eux est d’un coût inférieur à celui d’aujourd’hui et sera renouvelé à la prochaine connexion de son titulaire.
       *[other] {" "}; { $weaker } d’entre eux sont d’un coût inférieur à celui d’aujourd’hui et seront renouvelés à la prochaine connexion de leurs titulaires.
    }
}
password-length = { $length ->
    [one] Un nouveau mot de passe compte au moins { $length } caractère, et n’est pas de ceux qu’un programme devinerait vite.
   *[other] Un nouveau mot de passe compte au moins { $length } caractères, et n’est pas de ceux qu’un programme devinerait vite.
}
password-not-breached = { $list ->
    [file] Les mots de passe les plus courants ne peuvent pas être choisis, ni ceux d’une liste révélée par des fuites.
   *[commonest] Les mots de passe les plus courants ne peuvent pas être choisis.
}

# lockout

lockout-locked = { $minutes ->
    [one] Après { $guesses } mots de passe erronés en { $minutes } minute, un compte est verrouillé au moins aussi longtemps : l’épreuve a ensuite été refusée même avec le bon mot de passe, tandis qu’un autre compte était admis.
   *[other] Après { $guesses } mots de passe erronés en { $minutes } minutes, un compte est verrouillé au moins aussi longtemps : l’épreuve a ensuite été refusée même avec le bon mot de passe, tandis qu’un autre compte était admis.
}
lockout-devices = Un appareil déjà connecté auparavant était toujours admis : un inconnu ne peut pas exclure le titulaire.
lockout-opens = { $minutes ->
    [one] Le verrou s’ouvre de lui-même : celui de l’épreuve prend fin en moins de { $minutes } minute.
   *[other] Le verrou s’ouvre de lui-même : celui de l’épreuve prend fin en moins de { $minutes } minutes.
}

# block

block-listed = { $entries ->
    [0] Une adresse mise sur la liste de blocage est refusée : celle de l’épreuve l’a été, tandis que sa voisine était admise. La liste elle-même est vide pour le moment.
    [one] Les requêtes provenant d’adresses de la liste de blocage, { $entries } entrée pour le moment, sont refusées, hormis celles de personnes connectées et d’adresses locales : celle de l’épreuve l’a été, tandis que sa voisine était admise.
   *[other] Les requêtes provenant d’adresses de la liste de blocage, { $entries } entrées pour le moment, sont refusées, hormis celles de personnes connectées et d’adresses locales : celle de l’épreuve l’a été, tandis que sa voisine était admise.
}
block-unknown = Les adresses d’où personne ne peut venir par Internet sont refusées elles aussi.
block-bans = Qui cherche ce que cherchent les attaquants, essaie des mots de passe sur de nombreux comptes ou continue après avoir été prié d’attendre est refusé automatiquement pendant un certain temps.
block-feeds = { $feeds ->
    [one] Les adresses d’une liste tenue par d’autres, rechargée régulièrement, sont refusées elles aussi.
   *[other] Les adresses de { $feeds } listes tenues par d’autres, rechargées régulièrement, sont refusées elles aussi.
}
block-no-reputation = Une adresse de mauvaise réputation n’est refusée que si elle figure sur la liste : aucun service n’est interrogé à son sujet.
block-observed = Les requêtes provenant d’adresses de la liste de blocage sont seulement observées pour le moment, et non refusées.

# throttle

throttle-pages = { $rate ->
    [0] Quiconque demande à la fois plus de { $burst } pages et fichiers d’un site, puis plus d’un en quelques minutes, doit attendre : l’épreuve a dû le faire, tandis que ses voisins étaient servis, et elle l’a été après l’attente.
   *[other] Quiconque demande à la fois plus de { $burst } pages et fichiers d’un site, puis plus de { $rate } par minute, doit attendre : l’épreuve a dû le faire, tandis que ses voisins étaient servis, et elle l’a été après l’attente.
}
throttle-sign-in = { $rate ->
    [0] Il en va de même des tentatives de connexion : { $burst } à la fois, puis une en quelques minutes.
   *[other] Il en va de même des tentatives de connexion : { $burst } à la fois, puis { $rate } par minute.
}
throttle-observed = Quiconque envoie trop de requêtes est seulement observé pour le moment, et n’a pas à attendre.

# csrf

csrf-origins = Ce qui modifierait quelque chose est refusé si cela ne vient pas des pages du site même : sur chaque site, l’exercice a été refusé depuis la page d’un inconnu, celle d’un site voisin, une page non chiffrée, un autre port et nulle part, sous forme de formulaire, de requête d’un script ou de WebSocket, et la même chose depuis le site a été admise.
csrf-tokens = Les formulaires du portail de connexion exigent aussi un jeton que seules ses propres pages délivrent : avec le bon mot de passe mais sans ce jeton, ou avec celui d’un autre visiteur, personne n’est entré.
csrf-actions = Là où une action d’une application est importante, l’exercice, une fois connecté, a été refusé sans un tel jeton, avec un jeton deviné et avec celui d’une autre session, dans un en-tête ou un formulaire, et admis avec le sien.
csrf-important = { $count ->
    [one] { $count } partie des applications exige aussi un tel jeton avant de modifier quelque chose.
   *[other] { $count } parties des applications exigent aussi un tel jeton avant de modifier quelque chose.
}
csrf-listed = { $count ->
    [one] Des requêtes peuvent aussi venir des pages de { $count } autre domaine du même propriétaire.
   *[other] Des requêtes peuvent aussi venir des pages de { $count } autres domaines du même propriétaire.
}
csrf-exceptions = { $count ->
    [one] { $count } partie des applications accepte des requêtes d’autres sites, comme celles d’un service de paiement.
   *[other] { $count } parties des applications acceptent des requêtes d’autres sites, comme celles d’un service de paiement.
}
csrf-observed = Les requêtes venant d’autres sites sont seulement observées pour le moment, et non refusées.

# track

track-found = { $seconds ->
    [one] Chaque requête reçoit une référence, et l’épreuve a retrouvé sa propre trace en moins de { $seconds } seconde.
   *[other] Chaque requête reçoit une référence, et l’épreuve a retrouvé sa propre trace en moins de { $seconds } secondes.
}
track-handed = { $to ->
    [journald] { $seconds ->
        [one] Chaque requête reçoit une référence, et les données de l’épreuve ont été remises au journal du système en moins de { $seconds } seconde.
       *[other] Chaque requête reçoit une référence, et les données de l’épreuve ont été remises au journal du système en moins de { $seconds } secondes.
    }
   *[stdout] { $seconds ->
        [one] Chaque requête reçoit une référence, et les données de l’épreuve ont été écrites sur la sortie du programme en moins de { $seconds } seconde.
       *[other] Chaque requête reçoit une référence, et les données de l’épreuve ont été écrites sur la sortie du programme en moins de { $seconds } secondes.
    }
}
track-kept = { $days ->
    [one] Les données sur les requêtes sont conservées { $days } jour.
   *[other] Les données sur les requêtes sont conservées { $days } jours.
}
track-addresses = { $keeping ->
    [whole] Elles contiennent l’adresse réseau complète du visiteur.
    [truncated] Elles ne contiennent l’adresse réseau du visiteur que sous forme abrégée.
   *[none] Elles ne contiennent aucune adresse réseau de visiteurs.
}

# csp

csp-own-pages = Chacune de nos propres pages indique par un en-tête (Content Security Policy) quels scripts et styles peuvent s’y exécuter, erreurs comprises : aucun de ceux que quelqu’un y glisserait.
csp-browser = Dans un vrai navigateur, les scripts que l’épreuve avait glissés dans une page, le sien et celui d’un autre hôte, ne se sont pas exécutés sous ces en-têtes ; sans eux, si.
csp-applications = { $sites ->
    [one] L’application de { $sites } site porte elle aussi un tel en-tête, en plus du sien : seul le contenu connu s’y exécute.
   *[other] Les applications de { $sites } sites portent elles aussi un tel en-tête, en plus du leur : seul le contenu connu s’y exécute.
}
csp-applications-weak = { $sites ->
    [one] L’application de { $sites } site porte elle aussi un tel en-tête, qui limite ce qui est chargé, mais laisse s’exécuter certains scripts présents dans ses pages.
   *[other] Les applications de { $sites } sites portent elles aussi un tel en-tête, qui limite ce qui est chargé, mais laisse s’exécuter certains scripts présents dans leurs pages.
}
csp-report-only = { $sites ->
    [one] Sur { $sites } site, l’en-tête de l’application est seulement mis à l’essai pour le moment : les navigateurs signalent ce qu’il arrêterait et n’arrêtent rien.
   *[other] Sur { $sites } sites, l’en-tête de l’application est seulement mis à l’essai pour le moment : les navigateurs signalent ce qu’il arrêterait et n’arrêtent rien.
}
csp-applications-open = { $sites ->
    [one] L’application de { $sites } site décide elle-même de ce que ses pages chargent ; seuls les cadres et les modules externes sont limités ici.
   *[other] Les applications de { $sites } sites décident elles-mêmes de ce que leurs pages chargent ; seuls les cadres et les modules externes sont limités ici.
}

# xss

xss-own = Ce qui est saisi dans nos propres pages revient sous forme de texte : l’épreuve a envoyé du balisage par { $fields } champs de { $pages } pages et par leurs adresses, et nulle part il n’est revenu comme balisage.
xss-own-addresses = Nos propres pages n’affichent comme balisage rien de ce qui est mis dans leurs adresses : l’épreuve l’a essayé.
xss-enforced = { $routes ->
    [1] Sur une des { $all } routes des applications, le balisage d’une requête que la réponse renverrait est affiché comme texte ou refusé, là où la page peut être lue ; aucune épreuve ne l’essaie.
   *[other] Sur { $routes } des { $all } routes des applications, le balisage d’une requête que la réponse renverrait est affiché comme texte ou refusé, là où la page peut être lue ; aucune épreuve ne l’essaie.
}
xss-observed = { $routes ->
    [1] Sur une des { $all } routes des applications, l’équipe est avertie du balisage qui revient, et la page n’est pas modifiée.
   *[other] Sur { $routes } des { $all } routes des applications, l’équipe est avertie du balisage qui revient, et la page n’est pas modifiée.
}
xss-unseen = { $routes ->
    [1] Sur une des { $all } routes des applications, personne ne regarde si du balisage revient.
   *[other] Sur { $routes } des { $all } routes des applications, personne ne regarde si du balisage revient.
}

# two-factor

two-factor-switch = Les utilisateurs peuvent activer dans leur compte une seconde étape à la connexion, avec une application d’authentification.
two-factor-asked = Le bon mot de passe seul était ensuite refusé.
two-factor-once = Un code a été accepté une fois, puis plus jamais.

# admin

admin-rooms = Seuls les administrateurs entrent dans la console : chacune de ses { $rooms } adresses était fermée à un inconnu, à un utilisateur et au membre d’un groupe sans droits.
admin-second-factor = À une session ouverte par un mot de passe seul, elle était fermée.
admin-routes = L’administration propre des applications était elle aussi fermée à un inconnu et à un utilisateur.
admin-fresh = { $minutes ->
    [1] Qui y change quelque chose a donné un second facteur dans la dernière minute.
   *[other] Qui y change quelque chose a donné un second facteur dans les { $minutes } dernières minutes.
}
admin-networks = Les administrateurs ne viennent que de réseaux connus.

# team

team-second-factor = Un mot de passe seul n’a pas ouvert l’administration : le propre compte de l’épreuve n’est entré qu’avec une seconde étape.
team-register = { $all ->
    [0] Rien n’est enregistré de ce que l’équipe utilise : il n’y a rien à en dire.
    [one] Pour { $proven } des { $all } services et appareils que l’équipe utilise, il est attesté qu’on s’y connecte avec une seconde étape ; { $days ->
        [0] l’attestation la plus ancienne est d’aujourd’hui.
        [one] l’attestation la plus ancienne a { $days } jour.
       *[other] l’attestation la plus ancienne a { $days } jours.
    }
   *[other] Pour { $proven } des { $all } services et appareils que l’équipe utilise, il est attesté qu’on s’y connecte avec une seconde étape ; { $days ->
        [0] l’attestation la plus ancienne est d’aujourd’hui.
        [one] l’attestation la plus ancienne a { $days } jour.
       *[other] l’attestation la plus ancienne a { $days } jours.
    }
}
team-people = { $people ->
    [one] La seule personne de l’équipe a une seconde étape ici.
   *[other] Les { $people } personnes de l’équipe ont toutes une seconde étape ici.
}
team-github = { $members ->
    [one] GitHub dit lui-même que le seul membre de l’organisation de l’équipe a une seconde étape.
   *[other] GitHub dit lui-même qu’aucun des { $members } membres de l’organisation de l’équipe n’est sans seconde étape.
}
team-password-managers = Les gestionnaires de mots de passe peuvent remplir le formulaire de connexion, aussi en collant, et trouvent la page où l’on change son mot de passe.
team-word = Ce qui est attesté est la parole des gens : elle est datée, prend fin d’elle-même, et personne n’a regardé dans leurs gestionnaires de mots de passe.
