namespace EmoMotion.Unity
{
    /// <summary>What becomes of the way over the ground.</summary>
    public enum RootMotion
    {
        /// <summary>The character's transform moves along, and turns if that is wished.</summary>
        Travel,
        /// <summary>It stays where it is; hips go up and down.</summary>
        InPlace,
        /// <summary>The transform stays and the hips leave it.</summary>
        HipsOnly,
        /// <summary>
        /// The transform stays and every step is told to <see cref="EmoMotionCharacter.Moved"/>, for a controller of
        /// one's own.
        /// </summary>
        Script,
    }
}
