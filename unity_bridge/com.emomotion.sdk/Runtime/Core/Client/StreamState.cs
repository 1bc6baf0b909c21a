namespace EmoMotion
{
    /// <summary>Where a live stream stands.</summary>
    public enum StreamState
    {
        /// <summary>On the way to the server, for the first time.</summary>
        Connecting,
        /// <summary>Frames come.</summary>
        Playing,
        /// <summary>The stream was lost; the last pose holds until it is there again.</summary>
        Reconnecting,
        /// <summary>It ended, as was wished.</summary>
        Ended,
        /// <summary>It failed for good; the error says why.</summary>
        Failed,
    }
}
