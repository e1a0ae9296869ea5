# Les courriels au propriétaire d’un compte : objet, texte et pied.

mail-locked-subject = Trop d’essais de connexion à votre compte
mail-locked-body =
    Quelqu’un a essayé trop souvent de se connecter à votre compte { $login } sur { $portal }. Le dernier essai venait de { $place }, le { $at }.

    Pendant un moment, le compte refuse les appareils qui ne s’y sont jamais connectés. Les appareils que vous avez déjà utilisés fonctionnent toujours.

    Si c’était vous, patientez, ou déverrouillez le compte ici :
    { $link }

    Sinon, vous n’avez rien à faire : aucun de ces essais n’a réussi. Si votre mot de passe sert aussi ailleurs, ou si vous pensez que quelqu’un le connaît, changez-le.
mail-password-changed-subject = Votre mot de passe a été changé
mail-password-changed-body =
    Le mot de passe de votre compte { $login } sur { $portal } a été changé depuis { $place }, le { $at }. Toutes les autres sessions ont pris fin.

    Si c’était vous, il n’y a rien à faire. Sinon, prévenez aussitôt le responsable de { $portal } ; si vous pouvez encore vous connecter, choisissez ici un nouveau mot de passe :
    { $link }
mail-app-password-made-subject = Un nouveau mot de passe d’application a été créé
mail-app-password-made-body =
    Un mot de passe d’application « { $name } » a été créé pour votre compte { $login } sur { $portal }, depuis { $place }, le { $at }.

    Si c’était vous, il n’y a rien à faire. Sinon, révoquez-le ici et changez de mot de passe :
    { $link }
mail-factor-added-subject = Une seconde étape de connexion a été ajoutée
mail-factor-added-body =
    L’application d’authentification « { $name } » a été ajoutée à votre compte { $login } sur { $portal }, depuis { $place }, { $at }.

    Si c’était vous, il n’y a rien à faire. Sinon, supprimez-la ici et changez de mot de passe :
    { $link }
mail-factor-removed-subject = Une seconde étape de connexion a été supprimée
mail-factor-removed-body =
    L’application d’authentification « { $name } » a été retirée de votre compte { $login } sur { $portal }, depuis { $place }, { $at }.

    Si c’était vous, il n’y a rien à faire. Sinon, quelqu’un était connecté sous votre nom : changez ici de mot de passe et prévenez le responsable de { $portal } :
    { $link }
mail-passkey-added-subject = Une clé d’accès a été ajoutée
mail-passkey-added-body =
    La clé d’accès « { $name } » a été ajoutée à votre compte { $login } sur { $portal }, depuis { $place }, { $at }. Elle ouvre le compte sans le mot de passe.

    Si c’était vous, il n’y a rien à faire. Sinon, supprimez-la ici et changez de mot de passe :
    { $link }
mail-passkey-removed-subject = Une clé d’accès a été supprimée
mail-passkey-removed-body =
    La clé d’accès « { $name } » a été retirée de votre compte { $login } sur { $portal }, depuis { $place }, { $at }.

    Si c’était vous, il n’y a rien à faire. Sinon, quelqu’un était connecté sous votre nom : changez ici de mot de passe et prévenez le responsable de { $portal } :
    { $link }
mail-passkey-copied-subject = Il existe peut-être une copie de votre clé d’accès
mail-passkey-copied-body =
    Quelqu’un a essayé de se connecter à votre compte { $login } sur { $portal } avec la clé d’accès « { $name } », depuis { $place }, { $at }. Les clés de ce genre comptent leurs emplois, et ce compte était en retard. Elle a été refusée : il en existe peut-être une copie, aux mains de quelqu’un d’autre.

    Supprimez cette clé d’accès ici et ajoutez-en une nouvelle, même si c’était vous :
    { $link }
mail-recovery-used-subject = Un code de secours a servi
mail-recovery-used-body =
    Quelqu’un s’est connecté à votre compte { $login } sur { $portal } avec un code de secours, depuis { $place }, { $at }. { $left ->
        [0] Il n’en reste aucun.
        [1] Il en reste un.
       *[other] Il en reste { $left }.
    }

    Si c’était vous, vous pouvez en créer de nouveaux ici. Sinon, changez-y aussitôt de mot de passe :
    { $link }
mail-recovery-renewed-subject = De nouveaux codes de secours ont été créés
mail-recovery-renewed-body =
    De nouveaux codes de secours ont été créés pour votre compte { $login } sur { $portal }, depuis { $place }, { $at }. Les précédents ne fonctionnent plus.

    Si c’était vous, il n’y a rien à faire. Sinon, créez-en d’autres ici et changez de mot de passe :
    { $link }
mail-codes-wrong-subject = Quelqu’un connaît votre mot de passe
mail-codes-wrong-body =
    Quelqu’un a donné le bon mot de passe de votre compte { $login } sur { $portal }, puis trop de codes erronés. Le dernier venait de { $place }, { $at }. Aucun n’a été admis.

    Si c’était vous, patientez quelques minutes. Sinon, votre mot de passe n’est plus secret : changez-le ici, et partout où vous l’utilisez :
    { $link }
mail-reset-subject = Choisissez un autre mot de passe
mail-reset-body =
    Quelqu’un a demandé un autre mot de passe pour votre compte { $login } sur { $portal }, depuis { $place }, { $at }.

    Si c’était vous, choisissez-le ici dans la demi-heure :
    { $link }

    Sinon, il n’y a rien à faire : votre mot de passe reste le même.
mail-invited-subject = Un compte vous attend
mail-invited-body =
    Un compte { $login } a été créé pour vous sur { $portal }. Choisissez-en ici le mot de passe dans la demi-heure :
    { $link }

    Si ce délai est trop court, demandez un autre lien sur la page de connexion.
mail-address-changing-subject = Votre compte va changer d’adresse
mail-address-changing-body =
    Quelqu’un qui est connecté à votre compte { $login } sur { $portal } veut lui donner l’adresse électronique { $name }, depuis { $place }, { $at }. Un lien y a été envoyé. Une fois suivi, le courrier du compte ira à cette adresse, et non plus à celle-ci.

    Si c’était vous, il n’y a rien à faire ici. Sinon, quelqu’un est connecté sous votre nom : changez aussitôt de mot de passe, ce qui met fin à sa session et annule ce lien :
    { $link }
mail-address-confirm-subject = Confirmez votre nouvelle adresse
mail-address-confirm-body =
    Quelqu’un qui est connecté au compte { $login } sur { $portal } a donné cette adresse comme la nouvelle, depuis { $place }, { $at }.

    Si c’était vous, confirmez-la ici dans la demi-heure :
    { $link }

    Sinon, il n’y a rien à faire : sans le lien, rien ne change.
mail-address-taken-subject = Cette adresse a déjà un compte
mail-address-taken-body =
    Quelqu’un qui est connecté à un autre compte sur { $portal } voulait lui donner cette adresse, depuis { $place }, { $at }. C’est celle de votre compte { $login }, et une adresse n’appartient qu’à un compte : rien n’a été changé.

    Si c’était vous, connectez-vous au compte { $login }, ou donnez-lui d’abord une autre adresse. Sinon, il n’y a rien à faire.
mail-address-changed-subject = L’adresse de votre compte a été changée
mail-address-changed-body =
    L’adresse électronique de votre compte { $login } sur { $portal } a été changée depuis { $place }, { $at }. Son courrier ira désormais à la nouvelle adresse ; ceci est le dernier message à celle-ci. Toutes les autres sessions ont pris fin.

    Si c’était vous, il n’y a rien à faire. Sinon, prévenez aussitôt le responsable de { $portal } ; si vous pouvez encore vous connecter, choisissez ici un nouveau mot de passe :
    { $link }
mail-lost-factor-begun-subject = Avez-vous perdu votre seconde étape ?
mail-lost-factor-begun-body =
    Un administrateur de { $portal } a entrepris de vous laisser entrer dans votre compte { $login } sans votre seconde étape, { $at }, car quelqu’un lui a dit que vous l’avez perdue. Un lien partira vers cette adresse, { $opens } : avec lui et votre mot de passe, vous pourrez vous connecter une fois, votre seconde étape sera supprimée, et vous en activerez une autre.

    Si vous l’avez demandé, attendez ce courriel.

    Sinon, quelqu’un veut entrer sous votre nom. Arrêtez cela ici ; vous connecter avec votre seconde étape l’arrête aussi :
    { $link }
mail-lost-factor-open-subject = Se connecter sans votre seconde étape
mail-lost-factor-open-body =
    Le délai pour votre compte { $login } sur { $portal } est écoulé. Avec ce lien et votre mot de passe, vous pouvez vous connecter une fois sans votre seconde étape, qui est alors supprimée. Le lien vaut jusqu’à cette date, { $until } :
    { $link }

    Si vous ne l’avez pas demandé, ne le suivez pas. Connectez-vous avec votre seconde étape, ce qui l’arrête, changez de mot de passe et prévenez le responsable de { $portal }.
mail-lost-factor-stopped-subject = Votre seconde étape reste telle quelle
mail-lost-factor-stopped-body =
    Un administrateur avait entrepris de vous laisser entrer dans votre compte { $login } sur { $portal } sans votre seconde étape. Cela a été arrêté, { $at }, et votre seconde étape reste telle quelle.

    Si vous en avez encore besoin, redemandez-le au responsable de { $portal }.
mail-register-subject = Créez votre compte
mail-register-body =
    Quelqu’un veut créer un compte sur { $portal } avec cette adresse, depuis { $place }, { $at }.

    Si c’était vous, choisissez-en ici le mot de passe dans la demi-heure :
    { $link }

    Sinon, il n’y a rien à faire : sans le lien, aucun compte n’est créé.
mail-registered-before-subject = Vous avez déjà un compte
mail-registered-before-body =
    Quelqu’un voulait créer un compte sur { $portal } avec cette adresse, depuis { $place }, { $at }. Il en existe déjà un, { $login } : rien n’a été changé.

    Si c’était vous, connectez-vous-y ; si vous avez oublié son mot de passe, demandez-en un autre sur la page de connexion. Sinon, il n’y a rien à faire.
mail-foot = { $portal } envoie ce message à l’adresse du compte { $login }. Votre mot de passe n’est jamais demandé par courriel.
mail-foot-address = { $portal } envoie ce message parce que quelqu’un y a saisi cette adresse. Votre mot de passe n’est jamais demandé par courriel.
mail-approval-waits-subject = Une demande attend votre approbation sur { $portal }
mail-approval-waits-body =
    { $name } demande ceci sur { $portal } : « { $what } ». La demande attend qu’un autre administrateur, comme vous, l’approuve, et est oubliée après un jour.

    Regardez-la, puis approuvez-la ou refusez-la :
    { $link }

    Si { $name } dit ne rien avoir demandé, quelqu’un d’autre est connecté sous ce nom.
