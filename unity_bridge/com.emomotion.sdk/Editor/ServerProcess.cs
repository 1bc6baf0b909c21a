using System;
using System.Diagnostics;
using UnityEditor;
using UnityEngine;
using Debug = UnityEngine.Debug;

namespace EmoMotion.Editor
{
    /// <summary>
    /// A server on this machine, started from the editor. It goes on when scripts are loaded anew, and ends with the
    /// editor.
    /// </summary>
    [InitializeOnLoad]
    internal static class ServerProcess
    {
        private const string PythonKey = "EmoMotion.Python", OptionsKey = "EmoMotion.ServeOptions",
            IdKey = "EmoMotion.ServerId";

        static ServerProcess() => EditorApplication.quitting += Stop;

        /// <summary>The fields and buttons of the connection window.</summary>
        public static void Draw()
        {
            EditorGUILayout.LabelField("Server on this machine", EditorStyles.boldLabel);
            var usual = Application.platform == RuntimePlatform.WindowsEditor ? "python" : "python3";
            var python = EditorPrefs.GetString(PythonKey, usual);
            var options = EditorPrefs.GetString(OptionsKey, "--port 50051");
            EditorGUI.BeginChangeCheck();
            python = EditorGUILayout.TextField(new GUIContent("Python",
                "Of the environment in which emomotion-sdk is installed"), python);
            options = EditorGUILayout.TextField(new GUIContent("Options", "Of python -m sdk.serve"), options);
            if (EditorGUI.EndChangeCheck())
            {
                EditorPrefs.SetString(PythonKey, python);
                EditorPrefs.SetString(OptionsKey, options);
            }
            using (var running = Find())
            {
                if (running == null)
                {
                    if (GUILayout.Button("Start")) Start(python, options);
                }
                else if (GUILayout.Button($"Stop (process {running.Id})")) Stop();
            }
        }

        private static void Start(string python, string options)
        {
            try
            {
                var start = new ProcessStartInfo(python, "-m sdk.serve " + options)
                {
                    UseShellExecute = false, CreateNoWindow = true,
                };
                using (var process = Process.Start(start)) SessionState.SetInt(IdKey, process.Id);
            }
            catch (Exception error)
            {
                Debug.LogError($"EmoMotion: the server was not started: {error.Message} Is \"{python}\" the Python in "
                    + "which emomotion-sdk is installed?");
            }
        }

        private static void Stop()
        {
            using (var process = Find())
            {
                try
                {
                    process?.Kill();
                }
                catch (InvalidOperationException)
                {
                    // It ended by itself meanwhile.
                }
            }
            SessionState.EraseInt(IdKey);
        }

        /// <summary>The process that this editor started, if it still runs.</summary>
        private static Process Find()
        {
            var id = SessionState.GetInt(IdKey, 0);
            if (id == 0) return null;
            try
            {
                var process = Process.GetProcessById(id);
                // Numbers of processes are used again.
                if (!process.HasExited && process.ProcessName.StartsWith("python", StringComparison.OrdinalIgnoreCase))
                    return process;
                process.Dispose();
            }
            catch (Exception error) when (error is ArgumentException || error is InvalidOperationException)
            {
                // There is none with this number.
            }
            SessionState.EraseInt(IdKey);
            return null;
        }
    }
}
