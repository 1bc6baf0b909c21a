using EmoMotion.Unity;
using UnityEditor;

namespace EmoMotion.Editor
{
    /// <summary>
    /// Closes connections before play ends and before scripts are loaded anew; open ones would hang the editor.
    /// </summary>
    [InitializeOnLoad]
    internal static class ClosesConnections
    {
        static ClosesConnections()
        {
            AssemblyReloadEvents.beforeAssemblyReload += Lifetime.CloseAll;
            EditorApplication.quitting += Lifetime.CloseAll;
            EditorApplication.playModeStateChanged += change =>
            {
                if (change == PlayModeStateChange.ExitingPlayMode || change == PlayModeStateChange.ExitingEditMode)
                    Lifetime.CloseAll();
            };
        }
    }
}
