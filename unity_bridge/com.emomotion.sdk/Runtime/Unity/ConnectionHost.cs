using System;
using UnityEngine;

namespace EmoMotion.Unity
{
    /// <summary>
    /// Gives an open connection the beat of the game: drains its queue once a frame, closes it when play ends.
    /// </summary>
    [AddComponentMenu("")]
    internal sealed class ConnectionHost : MonoBehaviour
    {
        private static readonly Action<Exception> Report = Debug.LogException;
        private EmoMotionConnection _connection;

        public static ConnectionHost For(EmoMotionConnection connection)
        {
            var holder = new GameObject("EmoMotion " + connection.name) { hideFlags = HideFlags.HideInHierarchy };
            DontDestroyOnLoad(holder);
            var host = holder.AddComponent<ConnectionHost>();
            host._connection = connection;
            return host;
        }

        private void Update() => _connection.MainThread.Drain(LiveStream.Now, Report);

        private void OnApplicationQuit() => _connection.Close();
    }
}
