using System.Collections.Generic;
using UnityEngine;

namespace EmoMotion.Unity
{
    /// <summary>
    /// Knows which connections are open, so that the editor can close them before scripts are loaded anew: a native
    /// handler that stays open would hang it.
    /// </summary>
    public static class Lifetime
    {
        private static readonly List<EmoMotionConnection> Open = new List<EmoMotionConnection>();

        /// <summary>Close all connections. Main thread only.</summary>
        public static void CloseAll()
        {
            while (Open.Count > 0)
            {
                var last = Open[Open.Count - 1];
                Open.RemoveAt(Open.Count - 1);
                last.Close();
            }
        }

        internal static void Opened(EmoMotionConnection connection) => Open.Add(connection);

        internal static void Closed(EmoMotionConnection connection) => Open.Remove(connection);

        // Without a domain reload statics outlive play mode.
        [RuntimeInitializeOnLoadMethod(RuntimeInitializeLoadType.SubsystemRegistration)]
        private static void Reset() => CloseAll();
    }
}
