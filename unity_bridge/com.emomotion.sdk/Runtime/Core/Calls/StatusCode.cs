namespace EmoMotion
{
    /// <summary>How a call ended, by the numbers of gRPC.</summary>
    public enum StatusCode
    {
        /// <summary>Well.</summary>
        Ok = 0,
        /// <summary>The caller no longer wants it.</summary>
        Cancelled = 1,
        /// <summary>Nobody knows why.</summary>
        Unknown = 2,
        /// <summary>A field of the request breaks the range in its comment.</summary>
        InvalidArgument = 3,
        /// <summary>It was not done in time.</summary>
        DeadlineExceeded = 4,
        /// <summary>What was asked for does not exist.</summary>
        NotFound = 5,
        /// <summary>It exists already.</summary>
        AlreadyExists = 6,
        /// <summary>The caller may not.</summary>
        PermissionDenied = 7,
        /// <summary>Too much is asked of the server just now.</summary>
        ResourceExhausted = 8,
        /// <summary>Not as things are: no plan keeps the budget, or the schema is another one.</summary>
        FailedPrecondition = 9,
        /// <summary>It was broken off.</summary>
        Aborted = 10,
        /// <summary>Beyond what there is.</summary>
        OutOfRange = 11,
        /// <summary>The server does not have the method: another program, or another version.</summary>
        Unimplemented = 12,
        /// <summary>What came is no gRPC.</summary>
        Internal = 13,
        /// <summary>No server answers, or it is going down; try again.</summary>
        Unavailable = 14,
        /// <summary>Data were lost.</summary>
        DataLoss = 15,
        /// <summary>The token is missing or wrong.</summary>
        Unauthenticated = 16,
    }
}
