namespace EmoMotion.Wire
{
    public sealed partial class DriveChange
    {
        /// <summary>Say nothing about the way: what it was stays.</summary>
        public void ClearWay() => Way = WayCase.None;
    }
}
