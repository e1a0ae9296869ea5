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
mail-foot = { $portal } envoie ce message à l’adresse du compte { $login }. Votre mot de passe n’est jamais demandé par courriel.
