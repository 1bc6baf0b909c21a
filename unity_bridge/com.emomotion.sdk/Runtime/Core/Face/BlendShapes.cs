using System;
using System.Collections.Generic;

namespace EmoMotion
{
    /// <summary>
    /// Finds blendshapes of a mesh by the names of ARKit, however an artist wrote them: "jawOpen", "JawOpen",
    /// "Face.jaw_open", "blendShape1.Jaw_Open", "mouthSmile_L" for "mouthSmileLeft".
    /// </summary>
    public static class BlendShapes
    {
        /// <summary>Not in the mesh.</summary>
        public const int Absent = -1;

        /// <summary>For each name its place in the mesh, or <see cref="Absent"/>.</summary>
        /// <param name="wanted">Names as the server sends them.</param>
        /// <param name="mesh">Names of the mesh's blendshapes, in its order.</param>
        public static int[] Match(IReadOnlyList<string> wanted, IReadOnlyList<string> mesh)
        {
            var places = new Dictionary<string, int>(StringComparer.Ordinal);
            for (var i = mesh.Count - 1; i >= 0; i--) places[Plain(mesh[i])] = i;  // of two alike the first counts
            var found = new int[wanted.Count];
            for (var i = 0; i < found.Length; i++)
                found[i] = places.TryGetValue(Plain(wanted[i]), out var place) ? place : Absent;
            return found;
        }

        /// <summary>A name without prefix, case and separators, its side spelled out.</summary>
        internal static string Plain(string name)
        {
            var own = name.Substring(name.LastIndexOf('.') + 1);
            if (own.EndsWith("_L", StringComparison.Ordinal)) own = own.Substring(0, own.Length - 2) + "Left";
            else if (own.EndsWith("_R", StringComparison.Ordinal)) own = own.Substring(0, own.Length - 2) + "Right";
            return own.Replace("_", "").Replace(" ", "").Replace("-", "").ToLowerInvariant();
        }
    }
}
