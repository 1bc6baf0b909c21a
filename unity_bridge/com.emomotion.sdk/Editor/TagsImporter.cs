using System;
using System.IO;
using EmoMotion.Unity;
using UnityEditor;
using UnityEngine;

namespace EmoMotion.Editor
{
    /// <summary>
    /// Reads emotion tags when a clip is imported: from the sidecar "CLIP.emotion.json" beside it, from inside a GLB,
    /// or from the custom properties of an FBX. They become "CLIP.emotion.asset" beside the clip.
    /// </summary>
    internal sealed class TagsImporter : AssetPostprocessor
    {
        private const string Property = "emotion_json";

        private static void OnPostprocessAllAssets(string[] imported, string[] deleted, string[] moved,
            string[] movedFrom)
        {
            foreach (var path in imported)
            {
                if (path.EndsWith(ClipTags.SidecarSuffix, StringComparison.OrdinalIgnoreCase))
                    Take(path.Substring(0, path.Length - ClipTags.SidecarSuffix.Length),
                        () => ClipTags.Parse(File.ReadAllText(path)));
                else if (path.EndsWith(".glb", StringComparison.OrdinalIgnoreCase)
                    && !File.Exists(path + ClipTags.SidecarSuffix))
                    Take(path, () => ClipTags.FromGlb(File.ReadAllBytes(path)));
            }
        }

        private void OnPostprocessGameObjectWithUserProperties(GameObject model, string[] names, object[] values)
        {
            var place = Array.IndexOf(names, Property);
            if (place < 0 || !(values[place] is string text) || File.Exists(assetPath + ClipTags.SidecarSuffix)) return;
            // An asset cannot be made in the middle of an import.
            var path = assetPath;
            EditorApplication.delayCall += () => Take(path, () => ClipTags.Parse(text));
        }

        private static void Take(string clip, Func<ClipTags> read)
        {
            ClipTags tags;
            try
            {
                tags = read();
            }
            catch (Exception error) when (error is FormatException || error is IOException)
            {
                Debug.LogWarning($"EmoMotion: the tags of \"{clip}\" were not read: {error.Message}");
                return;
            }
            if (tags == null) return;
            var path = clip + ".emotion.asset";
            var asset = AssetDatabase.LoadAssetAtPath<EmotionTags>(path);
            var isNew = asset == null;
            if (isNew) asset = ScriptableObject.CreateInstance<EmotionTags>();
            asset.Fill(tags);
            if (isNew) AssetDatabase.CreateAsset(asset, path);
            else EditorUtility.SetDirty(asset);
            AssetDatabase.SaveAssets();
        }
    }
}
