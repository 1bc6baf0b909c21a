namespace EmoMotion.Wire
{
    public sealed partial class ExpressChange
    {
        /// <summary>
        /// What was said until now, and then something else: what the later says replaces what was said of its kind.
        /// As on the server a change that says nothing of visemes is silent.
        /// </summary>
        internal void Merge(ExpressChange later, WireWriter writer)
        {
            if (later.Affect != null || later.Track != null) (Affect, Track) = (null, null);
            if (later.LookFreely) (LookLeft, LookUp) = (null, null);
            if (later.LookLeft != null || later.LookUp != null) LookFreely = false;
            Visemes.Clear();
            writer.Clear();
            later.WriteTo(writer);
            MergeFrom(writer.Buffer, 0, writer.Length);
        }
    }
}
